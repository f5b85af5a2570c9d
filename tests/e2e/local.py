"""The suite as processes on this machine: `hpa up`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from shared.testing import processes
from tests.e2e.running import OWNER, PASSWORD, START_SECONDS, Running

HPA = Path(sys.executable).with_name("hpa")
STOP_SECONDS = 40
PROCESSES = pytest.mark.parametrize("running", ["sqlite", "postgresql"], indirect=True)
"""Marks a test of what containers do not have: two processes of one service."""


class Processes(Running):
    """One suite of processes in its own folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        super().__init__()
        self.folder = folder
        self._environment = {
            "HOME": os.environ.get("HOME", "/"),
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HPA_PORT": self.url.rpartition(":")[2],
            "HPA_DATA_DIR": str(folder),
            "HPA_OWNER_USERNAME": OWNER,
            "HPA_OWNER_PASSWORD": PASSWORD,
            **_code(),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @override
    def start(self) -> None:
        log = self.folder.with_suffix(".log")
        self._process = processes.start([HPA, "up"], log=log, env=self._environment)
        self.wait_until_healthy(START_SECONDS)

    @override
    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        finally:
            left = self._kill_all(process)
        assert not left, f"left behind: {left}"

    def kill(self) -> None:
        """End everything at once: the supervisor first, or it would start what is killed anew."""
        process, self._process = self._process, None
        if process is not None:
            self._kill_all(process)

    def _kill_all(self, process: subprocess.Popen[bytes]) -> list[int]:
        """Kill what runs, and return what did beside the supervisor."""
        left = self.processes()
        for pid in (process.pid, *left):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()
        return left

    @override
    def restart(self) -> None:
        self.stop()
        self.start()

    @property
    def pid(self) -> int:
        """Return the process id of `hpa up` itself."""
        assert self._process is not None
        return self._process.pid

    def database_url(self, service: str) -> str:
        """Return the address of a service's own database."""
        secrets = json.loads((self.folder / "secrets.json").read_text())
        return str(secrets["database_urls"][service])

    def run(self, *arguments: str, within: float = 60) -> subprocess.CompletedProcess[str]:
        """Run the `hpa` command against this suite."""
        return subprocess.run(
            [HPA, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    def stack(self) -> dict[str, Any]:
        """Read stack.json."""
        found: dict[str, Any] = json.loads((self.folder / "stack.json").read_text())
        return found

    @override
    def nats_url(self, user: str) -> str:
        secrets = json.loads((self.folder / "secrets.json").read_text())
        address = self.stack()["nats"]["url"].rpartition("@")[2]
        return f"nats://{user}:{secrets['nats'][user]}@{address}"

    def pids(self, name: str) -> list[int]:
        """Return the processes of a service, of `nats` or of the `gateway`."""
        stack = self.stack()
        if name in stack["services"]:
            return list(stack["services"][name]["pids"])
        return [stack[name]["pid"]]

    def processes(self) -> list[int]:
        """Return every process that was started for this folder, but `hpa up` itself."""
        mine = {self._process.pid} if self._process else set()
        return sorted(pid for pid in _processes_naming(str(self.folder)) if pid not in mine)

    @override
    def why_dead(self) -> str | None:
        if self._process is None or self._process.poll() is None:
            return None
        told = self.folder.with_suffix(".log").read_text()[-2000:]
        return f"hpa up ended:\n{told}"

    @override
    def broken_promises(self) -> str:
        checked = self.run("fsck")
        return checked.stdout + checked.stderr if checked.returncode else ""


def _code() -> dict[str, str]:
    """Return where the tests themselves have the packages from, if not from the environment."""
    return {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}


def _processes_naming(text: str) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):
            if (
                text.encode()
                in (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            ):
                yield int(folder.name)
