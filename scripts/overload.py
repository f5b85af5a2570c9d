"""Measures a suite of its own under ten times the load that it can carry, and right after it."""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import orjson
import uvloop
from typing_extensions import override

from scripts.bench.cost import memory_mib
from tests.e2e.local import Processes
from tests.e2e.suite import PREFIX, Person, Suite, answers_to, exam_body

QUESTIONS = 20
STUDENTS, EXAMS = 60, 60
SUBMITS = 0.1
"""So many of the requests are hand-ins; the others are lists, which are shed first."""
CLOSED_CONNECTIONS = 32
MOST_CONNECTIONS = 1500
"""An open loop sends whatever is waiting; this bounds what the client itself can hold."""
TICK_SECONDS = 0.005
OK, UNAVAILABLE = 200, 503
GOODPUT, ACCEPTED_MS, REFUSED_MS, RECOVERED_SECONDS = 0.8, 2000, 300, 10
"""What is promised where the client has a machine of its own; here it takes from the same."""


@dataclass
class Load:
    """What was sent in one phase and what came of it."""

    seconds: float = 0.0
    unsent: int = 0
    """Arrivals for which the client had no connection left."""
    took: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    """Seconds by (kind, status), from the moment at which the request was due."""

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

    def p99_ms(self, status: int) -> float:
        """Return the 99th percentile in milliseconds, 0 without answers."""
        times = self.times(status)
        return 1000 * statistics.quantiles(times, n=100)[98] if len(times) > 1 else 0.0


class Line(asyncio.Protocol):
    """One connection: sends a request, reads its answer, and goes back to the idle ones."""

    def __init__(self, idle: list["Line"], load: Load) -> None:
        self._idle = idle
        self._load = load
        self._data = bytearray()
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

    def ask(self, kind: str, request: bytes, due: float) -> None:
        """Send *request*."""
        assert self.transport is not None  # noqa: S101 - for the type checker
        self._kind, self._due = kind, due
        self.transport.write(request)

    @override
    def data_received(self, data: bytes) -> None:
        """Take a piece of the answer; when it is whole, note it."""
        self._data += data
        head, end, body = self._data.partition(b"\r\n\r\n")
        if not end:
            return
        lower = head.lower()
        length = int(lower.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(body) < length:
            return
        self._load.note(self._kind, int(head[9:12]), time.perf_counter() - self._due)
        self._kind = ""
        self._data.clear()
        self._idle.append(self)

    @override
    def connection_lost(self, _: Exception | None) -> None:
        """Count a line that broke before its answer."""
        if self._kind:
            self._load.note(self._kind, 0, time.perf_counter() - self._due)


class Client:
    """Sends the mix of requests to the suite."""

    def __init__(self, url: str, submits: list[bytes], lists: list[bytes]) -> None:
        """Send *submits*, each once, and *lists*, again and again."""
        host, _, port = url.removeprefix("http://").partition(":")
        self._address = host, int(port)
        self._submits = submits
        self._lists = lists

    def _next(self) -> tuple[str, bytes]:
        if self._submits and random.random() < SUBMITS:  # noqa: S311 - a mix
            return "submit", self._submits.pop()
        return "list", random.choice(self._lists)  # noqa: S311 - a mix

    async def closed(self, seconds: float) -> Load:
        """Ask as fast as answers come: what the suite can carry."""
        load = Load()
        idle: list[Line] = []
        lines = [await self._open(idle, load) for _ in range(CLOSED_CONNECTIONS)]
        idle += lines
        started = time.perf_counter()
        while (now := time.perf_counter()) - started < seconds:
            while idle:
                idle.pop().ask(*self._next(), now)
            await asyncio.sleep(0.001)
        load.seconds = time.perf_counter() - started
        return await self._end(load, lines)

    async def open(self, rate: float, seconds: float) -> Load:
        """Ask *rate* times a second, whatever comes back."""
        load = Load()
        idle: list[Line] = []
        lines: list[Line] = []
        started = time.perf_counter()
        sent = 0
        while (passed := time.perf_counter() - started) < seconds:
            while sent < passed * rate:
                due = started + sent / rate
                sent += 1
                if not idle and len(lines) < MOST_CONNECTIONS:
                    lines.append(await self._open(idle, load))
                    idle.append(lines[-1])
                if idle:
                    idle.pop().ask(*self._next(), due)
                else:
                    load.unsent += 1
            await asyncio.sleep(TICK_SECONDS)
        load.seconds = time.perf_counter() - started
        return await self._end(load, lines)

    async def _open(self, idle: list[Line], load: Load) -> Line:
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(lambda: Line(idle, load), *self._address)
        return line

    async def _end(self, load: Load, lines: list[Line]) -> Load:
        """Wait for the answers that are still due, then hang up."""
        end = time.perf_counter() + 5
        while any(line.is_waiting for line in lines) and time.perf_counter() < end:  # noqa: ASYNC110
            await asyncio.sleep(TICK_SECONDS)
        for line in lines:
            assert line.transport is not None  # noqa: S101 - for the type checker
            line.transport.close()
        return load


async def prepare(suite: Suite) -> Client:
    """Make people, exams and the bytes of every request."""
    teacher = await suite.sign_up("employee")
    subject = await teacher.post("/subjects/", {"name": "Ingliz tili"})
    people = await suite.sign_up_many("student", STUDENTS)
    submits: list[bytes] = []
    for _ in range(EXAMS):
        exam = await teacher.post("/exams/", exam_body(subject["id"], tests=QUESTIONS))
        await teacher.post(f"/exams/{exam['id']}/publish/")
        body = orjson.dumps(answers_to(exam))
        submits += [_request("POST", f"/exams/{exam['id']}/submit/", each, body) for each in people]
    random.shuffle(submits)
    lists = [_request("GET", "/exam-results/?limit=20", each) for each in (teacher, *people[:20])]
    return Client(suite.running.url, submits, lists)


def _request(method: str, path: str, person: Person, body: bytes = b"") -> bytes:
    typed = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = (
        f"{method} {PREFIX}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {person.token}\r\n{typed}\r\n"
    )
    return head.encode() + body


async def measure(arguments: argparse.Namespace) -> int:
    """Measure capacity, overload and recovery; print the table. Returns 1 on a broken promise."""
    with tempfile.TemporaryDirectory(prefix="hpa-overload-") as folder:
        running = Processes(Path(folder) / "data")
        running.start()
        try:
            async with Suite(running) as suite:
                client = await prepare(suite)
                calm = await client.closed(arguments.seconds)
                before = memory_mib(running)["Pss"]
                capacity = calm.count(OK) / calm.seconds
                storm = await client.open(arguments.times * capacity, arguments.seconds)
                after = memory_mib(running)["Pss"]
                ended = time.perf_counter()
                running.wait_until_healthy(10)
                again = await client.closed(2)
                recovered = time.perf_counter() - ended
        finally:
            running.stop()
    _tell(arguments.times, calm, storm, again)
    promised = {
        "goodput": storm.count(OK) / storm.seconds >= GOODPUT * capacity,
        "accepted p99": storm.p99_ms(OK) <= ACCEPTED_MS,
        "refused p99": storm.p99_ms(UNAVAILABLE) <= REFUSED_MS,
        "recovery": recovered <= RECOVERED_SECONDS,
    }
    print(f"| memory, before and during | {before:.0f} and {after:.0f} MiB PSS |")
    print(f"| healthy and at full speed again | after {recovered:.1f} s |")
    broken = [name for name, is_kept in promised.items() if not is_kept]
    print(f"\nnot as promised: {', '.join(broken) or 'nothing'}")
    return 1 if broken else 0


def _tell(times: float, calm: Load, storm: Load, again: Load) -> None:
    capacity, goodput = calm.count(OK) / calm.seconds, storm.count(OK) / storm.seconds
    answered = sum(map(len, storm.took.values()))
    rows = {
        "capacity": f"{capacity:.0f} per second, p99 {calm.p99_ms(OK):.0f} ms",
        f"offered, {times:g} times as much": f"{times * capacity:.0f} per second for"
        f" {storm.seconds:.0f} s; {answered} sent, {storm.unsent} found no connection",
        "goodput": f"{goodput:.0f} per second, {100 * goodput / capacity:.0f} % of capacity",
        "accepted, p99": f"{storm.p99_ms(OK):.0f} ms",
        "refused, p99": f"{storm.p99_ms(UNAVAILABLE):.0f} ms",
        "hand-ins accepted of sent": f"{storm.count(OK, 'submit')} of"
        f" {sum(len(t) for (k, _), t in storm.took.items() if k == 'submit')}",
        "answers": str(dict(sorted(Counter({k: len(t) for k, t in storm.took.items()}).items()))),
        "afterwards": f"{again.count(OK) / again.seconds:.0f} per second",
    }
    print("| What | Measured |\n|---|---|")
    print("\n".join(f"| {what} | {measured} |" for what, measured in rows.items()))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=8)
    return uvloop.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
