"""A supervisor over real children that each run a line of Python, and what to look at them with."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
RUNNER = Path(__file__).with_name("runner.py")


def wait_for(probe: Callable[[], T | None], *, within: float = 10) -> T:
    """Return the first answer that is something."""
    end = time.monotonic() + within
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Say whether the process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


class TinySuite:
    """A real supervisor over real children that each run a line of Python."""

    def __init__(self, folder: Path, way: str, *, stop_seconds: float = 1, **children: str) -> None:
        self.folder = folder
        self.names = tuple(children)
        words = (f"{name}={code}" for name, code in children.items())
        self.process = subprocess.Popen(
            [sys.executable, RUNNER, folder, way, str(stop_seconds), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_until_started(self) -> None:
        wait_for(lambda: all(self.pid(name) for name in self.names))

    def told(self, name: str) -> tuple[int, int]:
        """Return (pid, number of starts) as the supervisor last said."""
        with suppress(FileNotFoundError):
            for line in (self.folder / "pids").read_text().splitlines():
                found, pid, starts = line.split()
                if found == name:
                    return int(pid), int(starts)
        return 0, 0

    def pid(self, name: str) -> int:
        return self.told(name)[0]

    def starts(self, name: str) -> int:
        return self.told(name)[1]

    def log(self, name: str) -> str:
        return (self.folder / "logs" / f"{name}.log").read_text()

    def output(self) -> str:
        """Return what the supervisor said, once it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


StartTiny = Callable[..., TinySuite]
