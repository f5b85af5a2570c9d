"""A cheap client for loads: prepared bytes, kept connections, its own lateness told."""

import asyncio
import gc
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, cast

from typing_extensions import override

from scripts.bench.client import quantile

SUBMITS: Final = 0.1
"""So many of the requests are hand-ins; the others are lists, which are shed first."""
CLOSED_CONNECTIONS: Final = 32
MOST_CONNECTIONS: Final = 4000
"""An open loop sends whatever is waiting; this bounds what the client itself can hold."""
TICK_SECONDS: Final = 0.002
HASTE: Final = -10


@dataclass
class Load:
    """What was sent in one phase and what came of it."""

    seconds: float = 0.0
    unsent: int = 0
    """Arrivals for which the client had no connection left."""
    took: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    """Seconds by (kind, status), from the moment at which the request was due."""
    late: list[float] = field(default_factory=list)
    """How much later than due each request left the client: the client's fault, not the suite's."""

    def note(self, kind: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.took.setdefault((kind, status), []).append(seconds)

    def count(self, status: int, kind: str = "") -> int:
        """Return how many got *status*."""
        return len(self.times(status, kind))

    def times(self, status: int, kind: str = "") -> list[float]:
        """Return how long the answers of *status* took."""
        found = [times for key, times in self.took.items() if key[1] == status]
        if kind:
            found = [self.took.get((kind, status), [])]
        return [each for times in found for each in times]

    def p99_ms(self, status: int, kind: str = "") -> float:
        """Return the 99th percentile in milliseconds, 0 without answers."""
        return p99_ms(self.times(status, kind))


def p99_ms(times: list[float]) -> float:
    """Return the 99th percentile of seconds in milliseconds, 0 of none."""
    return 1000 * quantile(times, 0.99) if times else 0.0


class Line(asyncio.Protocol):
    """One connection: sends a request, reads its answer, and goes back to the idle ones."""

    def __init__(self, idle: list["Line"]) -> None:
        self._idle = idle
        self._load = Load()
        self._data = b""
        self._kind, self._due = "", 0.0
        self.transport: asyncio.Transport | None = None

    @property
    def is_waiting(self) -> bool:
        """Tell whether an answer is due."""
        return bool(self._kind)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    def ask(self, load: Load, kind: str, request: bytes, due: float) -> None:
        """Send *request*; its answer counts in *load*."""
        assert self.transport is not None  # noqa: S101 - for the type checker
        self._load, self._kind, self._due = load, kind, due
        load.late.append(time.perf_counter() - due)
        self.transport.write(request)

    @override
    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer; when it is whole, note it."""
        self._data = data = self._data + data if self._data else data
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return
        at = data.find(b"Content-Length: ", 0, end)
        length = int(data[at + 16 : data.index(b"\r", at)]) if at >= 0 else 0
        if len(data) < end + 4 + length:
            return
        self._load.note(self._kind, int(data[9:12]), time.perf_counter() - self._due)
        self._kind = ""
        self._data = b""
        self._idle.append(self)

    @override
    def connection_lost(self, _: Exception | None) -> None:
        """Count a line that broke before its answer."""
        if self._kind:
            self._load.note(self._kind, 0, time.perf_counter() - self._due)
        with suppress(ValueError):
            self._idle.remove(self)


class Client:
    """Sends the mix of requests to the suite."""

    def __init__(self, url: str, submits: list[bytes], lists: list[bytes]) -> None:
        """Send *submits*, each once, and *lists*, again and again."""
        host, _, port = url.removeprefix("http://").partition(":")
        self._address = host, int(port)
        self._submits = submits
        self._lists = lists
        self._idle: list[Line] = []
        self._lines: list[Line] = []

    def _next(self) -> tuple[str, bytes]:
        if self._submits and random.random() < SUBMITS:  # noqa: S311 - a mix
            return "submit", self._submits.pop()
        return "list", random.choice(self._lists)  # noqa: S311 - a mix

    async def closed(self, seconds: float) -> Load:
        """Ask as fast as answers come: what the suite can carry."""
        load = Load()
        await self._connect(CLOSED_CONNECTIONS)
        started = time.perf_counter()
        while (now := time.perf_counter()) - started < seconds:
            under_way = len(self._lines) - len(self._idle)
            for _ in range(min(CLOSED_CONNECTIONS - under_way, len(self._idle))):
                self._idle.pop().ask(load, *self._next(), now)
            await asyncio.sleep(0.001)
        load.seconds = time.perf_counter() - started
        await self._rest()
        return load

    async def open(self, rate: float, seconds: float) -> Load:
        """Ask *rate* times a second, whatever comes back."""
        load = Load()
        await self._connect(min(MOST_CONNECTIONS, int(rate)))
        sent = 0
        started = time.perf_counter()
        with _in_haste():
            while (passed := time.perf_counter() - started) < seconds:
                while sent < passed * rate:
                    due = started + sent / rate
                    sent += 1
                    if self._idle:
                        self._idle.pop().ask(load, *self._next(), due)
                    else:
                        load.unsent += 1
                await asyncio.sleep(TICK_SECONDS)
            load.seconds = time.perf_counter() - started
            await self._rest()
        return load

    async def hang_up(self) -> None:
        """Close all connections."""
        for line in self._lines:
            assert line.transport is not None  # noqa: S101 - for the type checker
            line.transport.close()
        await asyncio.sleep(0)

    async def _connect(self, count: int) -> None:
        """Have *count* connections before anything is measured."""
        loop = asyncio.get_running_loop()
        while len(self._lines) < count:
            _, line = await loop.create_connection(lambda: Line(self._idle), *self._address)
            self._lines.append(line)
            self._idle.append(line)

    async def _rest(self) -> None:
        """Wait for the answers that are still due."""
        end = time.perf_counter() + 5
        while any(line.is_waiting for line in self._lines) and time.perf_counter() < end:  # noqa: ASYNC110
            await asyncio.sleep(TICK_SECONDS)


@contextmanager
def _in_haste() -> Iterator[None]:
    """Run before the suite where that is allowed, as a client on a machine of its own would."""
    gc.freeze()
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, HASTE)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, before)
        gc.unfreeze()
