"""The logs of the processes: private, bounded, and how they are read."""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from hpa.errors import Refused
from hpa.paths import PRIVATE_FILE

LIMIT: Final = 16 << 20
SHOWN: Final = 40
FOLLOW_SECONDS: Final = 0.3


class Log:
    """One process's log; a second file holds what came before the last cut."""

    def __init__(self, path: Path, *, limit: int = LIMIT) -> None:
        """Name the log; nothing is made yet."""
        self.path = path
        self._limit = limit

    def open(self) -> int:
        """Return a descriptor that appends; the caller closes it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        return os.open(self.path, flags, PRIVATE_FILE)

    def write(self, line: bytes) -> None:
        """Append one line in one piece; a disk that is full loses it."""
        with suppress(OSError):
            descriptor = self.open()
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)

    def cut(self) -> None:
        """
        Empty the log when it has grown over its limit; the old lines move to `<name>.1`.

        Copied and truncated in place, as writers hold the file open: they append, so they go on
        at its new end.
        """
        try:
            size = self.path.stat().st_size
        except FileNotFoundError:
            return
        if size > self._limit:
            with suppress(OSError):  # a full disk is a reason more to empty it
                shutil.copyfile(self.path, self.path.with_name(f"{self.path.name}.1"))
            os.truncate(self.path, 0)


def cut_logs(folder: Path, *, limit: int = LIMIT) -> None:
    """Keep every log of *folder* below its limit."""
    for path in folder.glob("*.log"):
        Log(path, limit=limit).cut()


def last_lines(path: Path, count: int = SHOWN) -> list[str]:
    """Return the end of a log."""
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - (64 << 10)))
        return file.read().decode(errors="replace").splitlines()[-count:]


def follow(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the lines that are added to *paths*, for ever."""
    places = {path: path.stat().st_size for path in paths}
    while True:
        for path in paths:
            size = path.stat().st_size
            if size < places[path]:  # it was cut
                places[path] = 0
            if size > places[path]:
                with path.open("rb") as file:
                    file.seek(places[path])
                    data = file.read()
                whole, _, _ = data.rpartition(b"\n")
                places[path] += len(whole) + 1 if whole else 0
                for line in whole.decode(errors="replace").splitlines():
                    yield path, line
        time.sleep(FOLLOW_SECONDS)


def show(folder: Path, process: str | None, *, is_following: bool) -> Iterator[str]:
    """Yield the last lines of one process's log or of all, then what is added."""
    paths = sorted(folder.glob("*.log"))
    if process is not None:
        paths = [path for path in paths if path.stem == process]
        if not paths:
            names = ", ".join(sorted(path.stem for path in folder.glob("*.log")))
            message = f"there is no log of {process}; there are: {names or 'none'}"
            raise Refused(message)
    prefix = max((len(path.stem) for path in paths), default=0) if process is None else 0
    for path in paths:
        for line in last_lines(path, SHOWN if process else 10):
            yield _labelled(path, line, prefix)
    if is_following:
        for path, line in follow(paths):
            yield _labelled(path, line, prefix)


def _labelled(path: Path, line: str, width: int) -> str:
    return f"{path.stem:<{width}} | {line}" if width else line
