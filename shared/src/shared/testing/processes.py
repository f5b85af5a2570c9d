"""Real servers that tests start, and that end with the test run whatever happens to it."""

import ctypes
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(
    argv: Sequence[str | Path],
    *,
    log: Path,
    env: dict[str, str] | None = None,
    user: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start *argv* in a session of its own, its output in *log*; it dies with this process."""
    identity: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the tests' own command
            [str(part) for part in argv],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=env if env is not None else dict(os.environ),
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no threads yet in the child
            **identity,
        )


def free_port() -> int:
    """
    Return a free loopback port below the range from which the kernel hands out ports.

    Chosen at random: neighbours that look for the next free one at once would all find the same.
    """
    for _ in range(1000):
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe:
            if port not in _taken and not _is_refused(probe, port):
                _taken.add(port)
                return port
    message = "no free port"
    raise RuntimeError(message)


_taken: set[int] = set()


def _is_refused(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return True
    return False


def wait_until(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll *condition* until it holds. Raises `TimeoutError` naming *what* after *seconds*."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


def listens(port: int) -> bool:
    """Tell whether something accepts connections on loopback *port*."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
