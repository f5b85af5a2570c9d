"""A suite that really runs: `hpa up` as a process, with the means to hurt and to heal it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from shared.testing import processes

HPA = Path(sys.executable).with_name("hpa")
OWNER, PASSWORD = "admin", "Egasi-2026-Sirli"
SERVICES = ("auth", "exams", "results", "messaging", "worklogs")
CLOSED_PATHS = ("/me/", "/exams/", "/exam-results/", "/messages/", "/work-logs/")
"""One path of each service that says 401 to nobody in particular."""
START_SECONDS = 90
STOP_SECONDS = 40
POLL_SECONDS = 0.05
GATEWAY_NOTICES = 6.0
"""Seconds until the gateway's health checks see a change: one every 2 s, and its timeout."""


class Running:
    """One suite in its own folder and on its own port."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{processes.free_port()}"
        self.known: dict[str, tuple[str, dict[str, Any]]] = {}
        """Tokens and users by name, for those who are wanted by many tests."""
        self._environment = {
            "HOME": os.environ.get("HOME", "/"),
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HPA_PORT": self.url.rpartition(":")[2],
            "HPA_DATA_DIR": str(folder),
            "HPA_OWNER_USERNAME": OWNER,
            "HPA_OWNER_PASSWORD": PASSWORD,
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen: set[int] = set()
        self.is_hurt = False
        """Something was killed or frozen, and nobody has seen it well since."""

    def start(self) -> None:
        """Start the suite and wait until every part is ready."""
        log = self.folder.with_suffix(".log")
        self._process = processes.start([HPA, "up"], log=log, env=self._environment)
        self.wait_until_healthy(START_SECONDS)

    def stop(self) -> None:
        """Stop the suite as Ctrl-C does. Raises AssertionError when a process stays behind."""
        process, self._process = self._process, None
        if process is None:
            return
        self.resume_all()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        finally:
            left = self.processes()
            for pid in (process.pid, *left):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait()
        assert not left, f"left behind: {left}"

    def restart(self) -> None:
        """Stop everything and start it again from what is on disk."""
        self.stop()
        self.start()

    @property
    def pid(self) -> int:
        """Return the process id of `hpa up` itself."""
        assert self._process is not None
        return self._process.pid

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

    def nats_url(self, user: str) -> str:
        """Return the broker's address for one of its users."""
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

    def is_healthy(self) -> bool:
        """Say whether every part is ready and the gateway has noticed that it is."""
        try:
            with httpx2.Client(base_url=f"{self.url}/api/v1", timeout=5) as client:
                return client.get("/health/").status_code == 200 and all(
                    client.get(path).status_code == 401 for path in CLOSED_PATHS
                )
        except httpx2.HTTPError:
            return False

    def wait_until_healthy(self, within: float = 30) -> float:
        """Wait until every part is ready and return how long that took."""
        started = time.monotonic()

        def healthy() -> bool:
            if self._process is not None and self._process.poll() is not None:
                told = self.folder.with_suffix(".log").read_text()[-2000:]
                message = f"hpa up ended:\n{told}"
                raise AssertionError(message)
            return self.is_healthy()

        processes.wait_until(healthy, seconds=within, what=f"healthy within {within} s")
        self.is_hurt = False
        return time.monotonic() - started

    def kill(self, name: str) -> None:
        """Kill a part with -9; the supervisor brings it back."""
        self.is_hurt = True
        for pid in self.pids(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def pause(self, name: str, *, which: slice = slice(None)) -> None:
        """Freeze a part, or *which* of its processes: they keep their lines and answer nothing."""
        self.is_hurt = True
        for pid in self.pids(name)[which]:
            os.kill(pid, signal.SIGSTOP)
            self._frozen.add(pid)

    def resume_all(self) -> None:
        """Let every frozen process go on."""
        while self._frozen:
            with suppress(ProcessLookupError):
                os.kill(self._frozen.pop(), signal.SIGCONT)

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Keep a part frozen, and wait afterwards until all is well."""
        self.pause(name)
        try:
            yield
        finally:
            self.resume_all()
            self.wait_until_healthy()

    @contextmanager
    def killed(self, name: str) -> Iterator[None]:
        """Kill a part with -9 as often as it comes back, and wait afterwards until all is well."""
        over = threading.Event()

        def killing() -> None:
            while not over.wait(POLL_SECONDS):
                self.kill(name)

        killer = threading.Thread(target=killing)
        self.kill(name)
        killer.start()
        try:
            yield
        finally:
            over.set()
            killer.join()
            self.wait_until_healthy()

    def delete_jetstream_store(self) -> None:
        """Take NATS everything it stored, as a lost disk would."""
        self.pause("nats")
        stores = [path for path in self.folder.rglob("jetstream") if path.is_dir()]
        assert stores, "no JetStream store was found"
        for store in stores:
            shutil.rmtree(store)
        self.kill("nats")


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
