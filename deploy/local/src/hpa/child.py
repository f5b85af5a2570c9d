"""One child process: it never outlives its parent, and its words end up in its log."""

import asyncio
import ctypes
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from hpa.logs import Log
from shared.clock import utcnow

PR_SET_PDEATHSIG: Final = 1
LINE_LIMIT: Final = 1 << 20
LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
NATS_LINE: Final = re.compile(r"^\[\d+\] [\d/]+ [\d:.]+ \[(?P<level>[A-Z]+)\] ?(?P<text>.*)$")
LEVELS: Final = {"DBG": "debug", "TRC": "debug", "WRN": "warning", "ERR": "error", "FTL": "error"}


class Child:
    """A running process in a session of its own."""

    def __init__(self, process: asyncio.subprocess.Process, pump: asyncio.Task[None]) -> None:
        """Take over *process*; *pump* carries its standard error to its log."""
        self._process = process
        self._pump = pump

    @property
    def pid(self) -> int:
        """The process id, which is its session's too."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end; what it left running in its session ends with it."""
        code = await self._process.wait()
        self.kill()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._pump, 1)
        return code

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the whole session."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


async def start_child(
    argv: Sequence[str],
    env: Mapping[str, str],
    log: Log,
    *,
    held: Sequence[int] = (),
    hear: Callable[[bytes], None] = lambda _: None,
) -> Child:
    """
    Start *argv*; its standard output is appended to *log* as it comes.

    *hear* is called with each line of its standard error.

    Call it from the main thread: the kernel ties the child's life to the thread that forked it.
    The descriptors in *held* stay open in the child.
    """
    reading, writing = os.pipe()
    output = log.open()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=writing,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),
            pass_fds=held,
        )
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(output)
        os.close(writing)
    return Child(process, asyncio.create_task(_pump(reading, log, hear)))


def die_with_parent(number: signal.Signals) -> None:
    """Have the kernel send *number* to this process when its parent dies (Linux only)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, int(number))


def _die_with(parent: int) -> Callable[[], None]:
    # SIGKILL, not SIGTERM: nobody is left who could wait for a drain or clean up after a hang,
    # and every part of the suite survives a kill by construction.
    def prepare() -> None:
        die_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


async def _pump(descriptor: int, log: Log, hear: Callable[[bytes], None]) -> None:
    # A pipe of our own: asyncio's would not let `wait` end before every grandchild closed it.
    stream = asyncio.StreamReader(limit=LINE_LIMIT)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", 0)
    )
    try:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # longer than the limit: dropped
                continue
            if not line:
                return
            hear(line)
            log.write(as_json_line(line, utcnow()))
    finally:
        transport.close()


def as_json_line(line: bytes, now: datetime) -> bytes:
    """Return *line* if it is a JSON object, else the object that says it, without secrets."""
    text = line.decode(errors="replace").strip()
    if text.startswith("{") and text.endswith("}"):
        return text.encode() + b"\n"
    from shared.logging import scrub  # noqa: PLC0415 - rarely needed, and 90 ms of imports

    level = "error"
    if found := NATS_LINE.match(text):
        level, text = LEVELS.get(found["level"], "info"), found["text"]
    stamp = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    entry = {"level": level, "timestamp": stamp, "event": scrub(text)}
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n"
