"""A suite that really runs, however it was started, with the means to hurt and to heal it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx2

from shared.testing import processes

OWNER, PASSWORD = "admin", "Egasi-2026-Sirli"
SERVICES = ("auth", "exams", "results", "messaging", "worklogs")
CLOSED_PATHS = ("/me/", "/exams/", "/exam-results/", "/messages/", "/work-logs/")
"""One path of each service that says 401 to nobody in particular."""
START_SECONDS = 90
GATEWAY_NOTICES = 4.0
"""Seconds until the gateway's health checks see a change: one every second, its timeout of 2 s."""


class Running(ABC):
    """One suite on its own port; parts are named by service, or `nats` or `gateway`."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{processes.free_port()}"
        self.known: dict[str, tuple[str, dict[str, Any]]] = {}
        """Tokens and users by name, for those who are wanted by many tests."""
        self.is_hurt = False
        """Something was killed or frozen, and nobody has seen it well since."""

    @abstractmethod
    def start(self) -> None:
        """Start the suite and wait until every part is ready."""

    @abstractmethod
    def stop(self) -> None:
        """Stop the suite. Raises AssertionError when something stays behind."""

    @abstractmethod
    def restart(self) -> None:
        """Stop everything and start it again from what is on disk."""

    @abstractmethod
    def nats_url(self, user: str) -> str:
        """Return the broker's address for one of its users."""

    @abstractmethod
    def broken_promises(self) -> str:
        """Compare the databases with each other and with the rules; empty when all is well."""

    @abstractmethod
    def kill(self, name: str) -> None:
        """Kill a part with -9; whoever looks after it brings it back."""

    @abstractmethod
    def pause(self, name: str, *, which: slice = slice(None)) -> None:
        """Freeze a part, or *which* of its processes: they keep their lines and answer nothing."""

    @abstractmethod
    def resume_all(self) -> None:
        """Let everything frozen go on."""

    @abstractmethod
    def killed(self, name: str) -> AbstractContextManager[None]:
        """Keep a part dead, and wait afterwards until all is well."""

    @abstractmethod
    def delete_jetstream_store(self) -> None:
        """Take NATS everything it stored, as a lost disk would."""

    @abstractmethod
    def why_dead(self) -> str | None:
        """Say why the suite can never become healthy, None while it can."""

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """Keep a part frozen, and wait afterwards until all is well."""
        self.pause(name)
        try:
            yield
        finally:
            self.resume_all()
            self.wait_until_healthy()

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
            dead = self.why_dead()
            assert dead is None, dead
            return self.is_healthy()

        processes.wait_until(healthy, seconds=within, what=f"healthy within {within} s")
        self.is_hurt = False
        return time.monotonic() - started
