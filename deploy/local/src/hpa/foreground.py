"""From the start of all processes to the signal that ends them."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final

from hpa.console import say
from hpa.supervisor import Supervisor

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def supervise(supervisor: Supervisor, *jobs: Coroutine[Any, Any, None]) -> None:
    """Keep the processes alive and the jobs going until Ctrl-C or SIGTERM; then end all of it."""
    stopping = _on_signals(supervisor.kill)
    supervisor.start()
    background = [asyncio.create_task(job) for job in jobs]
    watch = asyncio.create_task(supervisor.watch())
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({watch, stop}, return_when=asyncio.FIRST_COMPLETED)
    for task in (*background, stop):
        task.cancel()
    say("Stopping")
    await supervisor.stop()
    await asyncio.gather(*background, stop, return_exceptions=True)
    _ignore_signals()
    await watch


def _on_signals(kill: Callable[[], None]) -> asyncio.Event:
    """Return what Ctrl-C and SIGTERM set; the second one kills."""
    stopping = asyncio.Event()

    def on_signal() -> None:
        if stopping.is_set():
            kill()
        stopping.set()

    for number in ENDING:
        # Under nohup a closed terminal is no reason to end; Ctrl-C always is one.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stopping


def _ignore_signals() -> None:
    """All is over: an impatient Ctrl-C must not spoil the exit code."""
    for number in ENDING:
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
