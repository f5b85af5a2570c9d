"""One data directory, one suite: a lock that lives as long as any of its processes."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from hpa.errors import Refused
from hpa.paths import PRIVATE_FILE

DYING_SECONDS: Final = 10.0


def take(path: Path) -> int:
    """
    Lock the data directory and return the lock's descriptor, which the children inherit.

    As every child holds it too, nobody starts beside the rest of a suite that was killed: it is
    waited for. Raises `Refused` when the suite is running.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    end = time.monotonic() + DYING_SECONDS
    while not _try_lock(descriptor):
        owner = os.read(descriptor, 32).decode().strip()
        os.lseek(descriptor, 0, os.SEEK_SET)
        if _is_alive(owner) or time.monotonic() > end:
            os.close(descriptor)
            message = (
                f"a suite is already running on {path.parent} (process {owner or 'unknown'}):"
                " stop it, or choose another HPA_DATA_DIR"
            )
            raise Refused(message)
        time.sleep(0.1)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
    return descriptor


def is_held(path: Path) -> bool:
    """Say whether a suite runs on the data directory."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
