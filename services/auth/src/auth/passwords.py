"""Argon2id in a pool of its own, with a waiting line that is bounded in seconds."""

import asyncio
import base64
import contextlib
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final, TypeVar

from argon2 import DEFAULT_HASH_LENGTH, DEFAULT_RANDOM_SALT_LENGTH, PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from prometheus_client.metrics_core import Metric

from shared.errors import Unavailable
from shared.telemetry.metrics import count_refusal, gauge

T = TypeVar("T")

BUSY: Final = "Too many people are signing in at the moment, try again later."
FIRST_GUESS: Final = 0.025
"""Seconds a hash takes, until the pace of the line was measured."""
WEIGHT: Final = 0.1
LONGEST_TURN: Final = 1.0
HASTE: Final = 0.5
"""Who comes too early is refused once more, which costs little; an empty line costs everybody."""
LONGEST_RETRY: Final = 10
NICE: Final = 3
"""Hashing yields a little to the loop that answers, and to students who hand in meanwhile."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one hash costs; OWASP's smallest recommended setting by default."""

    memory_kib: int = 19 * 1024
    rounds: int = 2
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the password was right, and whether its hash is of an older cost."""

    is_right: bool
    is_outdated: bool = False


class Line:
    """
    Those who wait for a hash: bounded by the seconds they would wait, at the pace of late.

    The pace is that of hashes done while others waited. What a hash takes by itself says too
    little: the processor and the database have other work in an exam's first minute.
    """

    def __init__(
        self, threads: int, longest_wait: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with nobody in it."""
        self.turn = FIRST_GUESS / threads
        """Seconds from one hash done to the next."""
        self._threads = threads
        self._longest_wait = longest_wait
        self._clock = clock
        self._taken = 0
        self._busy_since: float | None = None
        self._promised = 0.0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place. Raises `Unavailable` when the wait would be too long."""
        wait = self._taken * self.turn
        # One may always wait behind those who are served: else the pace is never measured again.
        if wait > self._longest_wait and self._taken > self._threads:
            count_refusal("login_line")
            raise Unavailable(BUSY, retry_after=self._promise(wait))
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1

    def gauges(self) -> list[Metric]:
        """Return how things stand, for `/metrics`."""
        return [
            gauge("hpa_login_line", "Sign-ins that are hashed or wait for it.", self._taken),
            gauge("hpa_login_turn_seconds", "From one hash done to the next, of late.", self.turn),
        ]

    def count_served(self) -> None:
        """Measure the pace when a hash is done."""
        now = self._clock()
        if self._busy_since is not None:
            took = min(now - self._busy_since, LONGEST_TURN)
            self.turn += WEIGHT * (took - self.turn)
        self._busy_since = now if self._taken > self._threads else None

    def _promise(self, wait: float) -> int:
        """Give each of the refused a time of his own to come again: at once they fit no better."""
        now = self._clock()
        promised = max(self._promised, now + wait) + self.turn * HASTE
        if promised > now + LONGEST_RETRY:
            return LONGEST_RETRY - secrets.randbelow(LONGEST_RETRY // 2)
        self._promised = promised
        return ceil(promised - now)


class Passwords:
    """
    Hashes and verifies beside the loop, on as many threads as there are cores.

    The default executor would run forty at once: 760 MiB and a loop that hardly gets a turn.
    """

    def __init__(
        self, cost: Cost, *, threads: int | None = None, longest_wait: float = 2.0
    ) -> None:
        """Start the pool."""
        self.threads = threads or os.cpu_count() or 1
        self._hasher = PasswordHasher(
            time_cost=cost.rounds, memory_cost=cost.memory_kib, parallelism=cost.lanes
        )
        self._pool = ThreadPoolExecutor(self.threads, "argon2", initializer=_yield_a_little)
        self.line = Line(self.threads, longest_wait)
        self.dummy = _unmatched(cost)

    def place(self) -> AbstractContextManager[None]:
        """
        Hold a place in the line; take it first of all, so that a refusal costs nothing.

        Raises `Unavailable` when the wait would be too long.
        """
        return self.line.place()

    async def hash(self, password: str) -> str:
        """Return the encoded hash of *password*."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, encoded: str | None, password: str) -> Verdict:
        """Compare; without a hash, as for an unknown user, compare just as long and say no."""
        return await self._run(lambda: self._verify(encoded, password))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, encoded: str | None, password: str) -> Verdict:
        try:
            self._hasher.verify(encoded or self.dummy, password)
        except (VerificationError, InvalidHashError):
            return Verdict(is_right=False)
        if encoded is None:
            return Verdict(is_right=False)
        return Verdict(is_right=True, is_outdated=self._hasher.check_needs_rehash(encoded))

    async def _run(self, work: Callable[[], T]) -> T:
        try:
            result = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except HashingError as error:  # no memory left for it
            raise Unavailable(BUSY) from error
        self.line.count_served()
        return result


def _unmatched(cost: Cost) -> str:
    """Return what stands in for the hash of an unknown user: just as slow, and of no password."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).rstrip(b"=").decode()
        for length in (DEFAULT_RANDOM_SALT_LENGTH, DEFAULT_HASH_LENGTH)
    )
    numbers = f"m={cost.memory_kib},t={cost.rounds},p={cost.lanes}"
    return f"$argon2id$v={ARGON2_VERSION}${numbers}${salt}${digest}"


def _yield_a_little() -> None:
    if sys.platform == "linux":  # elsewhere a thread has no priority of its own
        with contextlib.suppress(OSError):
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICE)
