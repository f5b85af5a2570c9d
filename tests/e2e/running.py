"""A suite that really runs, however it was started; `tests/faults` can hurt it."""

import time
from abc import ABC, abstractmethod
from typing import Any

import httpx2

from shared.testing import processes
from shared.testing.proxy import Proxy

OWNER, PASSWORD = "admin", "Egasi-2026-Sirli"
SERVICES = ("auth", "exams", "results", "messaging", "worklogs")
CLOSED_PATHS = ("/me/", "/exams/", "/exam-results/", "/messages/", "/work-logs/")
"""One path of each service that says 401 to nobody in particular."""
START_SECONDS = 90


class Running(ABC):
    """One suite on its own port; parts are named by service, or `nats` or `gateway`."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{processes.free_port()}"
        self.known: dict[str, tuple[str, dict[str, Any]]] = {}
        """Tokens and users by name, for those who are wanted by many tests."""
        self.lines: dict[str, Proxy] = {}
        """The proxies that stand before parts."""

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
    def why_dead(self) -> str | None:
        """Say why the suite can never become healthy, None while it can."""

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
        return time.monotonic() - started
