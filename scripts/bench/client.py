"""The client: ready-made requests over kept connections, and what their answers took."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.e2e.suite import PREFIX, Person


@dataclass
class Took:
    """What a number of requests took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def at(self, share: float) -> float:
        """Return the latency in ms that this share of the requests stayed within."""
        return 1000 * quantile(self.latencies, share)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of *values* stays within."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(person: Person, method: str, path: str, body: bytes = b"") -> bytes:
    """Return a request as it goes over the wire."""
    head = (
        f"{method} {PREFIX}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {person.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def send_all(
    url: str, requests: Sequence[bytes], connections: int, *, rate: float | None = None
) -> Took:
    """
    Send each request once, over so many connections at a time.

    With *rate*, so many are due in a second, answered or not; each counts from when it was due.
    """
    waiting = iter(enumerate(requests))
    took = Took()
    host, _, port = url.removeprefix("http://").partition(":")
    streams = [
        await asyncio.open_connection(host, int(port), limit=1 << 20) for _ in range(connections)
    ]
    begun = time.perf_counter()

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, one in waiting:
            started = time.perf_counter()
            if rate is not None:
                now, started = started, begun + number / rate
                await asyncio.sleep(max(0.0, started - now))
            writer.write(one)
            took.statuses[await _read(reader)] += 1
            took.latencies.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(work(*stream) for stream in streams))
    took.seconds = time.perf_counter() - begun
    return took


async def _read(reader: asyncio.StreamReader) -> int:
    """Read one answer and return its status; every answer of the suite says its length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])
