"""The proxy between two parts does to their line what it says, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from shared.testing.listening import listening
from shared.testing.proxy import LOOPBACK, Proxy

SOON = 0.15
"""Long enough for a loopback answer that is not held back."""


class Echo:
    """Answers each line with the line, and remembers it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.readline():
            self.heard.append(said)
            writer.write(said)
        writer.close()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def port(echo: Echo) -> AsyncIterator[int]:
    async with listening(echo.serve) as url:
        yield int(url.rpartition(":")[2])


@pytest.fixture
def proxy(port: int) -> Iterator[Proxy]:
    with Proxy(LOOPBACK, port) as proxy:
        yield proxy


class Caller:
    """One connection through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, word: bytes) -> bytes:
        self.writer.write(word + b"\n")
        return await self.reader.readline()


@pytest.fixture
async def caller(proxy: Proxy) -> AsyncIterator[Caller]:
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    yield Caller(reader, writer)
    writer.close()
    await writer.wait_closed()


class TestAProxy:
    async def test_hands_everything_on(self, caller: Caller, echo: Echo) -> None:
        assert [await caller.ask(b"a"), await caller.ask(b"b")] == [b"a\n", b"b\n"]
        assert echo.heard == [b"a\n", b"b\n"]

    async def test_that_is_cut_holds_everything_until_it_heals(
        self, caller: Caller, echo: Echo, proxy: Proxy
    ) -> None:
        await caller.ask(b"a")
        proxy.cut()
        waiting = asyncio.create_task(caller.ask(b"b"))
        done, _ = await asyncio.wait([waiting], timeout=SOON)
        assert (done, echo.heard) == (set(), [b"a\n"])

        proxy.heal()

        assert await asyncio.wait_for(waiting, 5) == b"b\n"

    async def test_that_is_cut_lets_no_new_line_reach_the_target(
        self, port: int, echo: Echo
    ) -> None:
        with Proxy(LOOPBACK, port) as proxy:
            proxy.cut()
            reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
            answer = asyncio.create_task(Caller(reader, writer).ask(b"a"))
            done, _ = await asyncio.wait([answer], timeout=SOON)
        assert (done, echo.heard) == (set(), [])
        assert await asyncio.wait_for(answer, 5) == b""  # its end is heard
        writer.close()

    async def test_drops_as_many_answers_as_it_is_told_of_requests_that_arrived(
        self, caller: Caller, echo: Echo, proxy: Proxy
    ) -> None:
        proxy.drop_response()

        assert await asyncio.wait_for(caller.ask(b"a"), 5) == b""
        assert (echo.heard, proxy.dropped) == ([b"a\n"], 1)

        reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
        assert await Caller(reader, writer).ask(b"b") == b"b\n"
        writer.close()

    async def test_that_is_slow_delays_both_ways(self, caller: Caller, proxy: Proxy) -> None:
        proxy.slow(SOON)
        loop = asyncio.get_running_loop()
        started = loop.time()

        assert await caller.ask(b"a") == b"a\n"

        assert loop.time() - started >= 2 * SOON

    async def test_hangs_up_on_everybody(self, caller: Caller, proxy: Proxy) -> None:
        await caller.ask(b"a")

        proxy.hang_up()

        assert await asyncio.wait_for(caller.reader.read(), 5) == b""

    async def test_ends_the_line_when_nobody_listens_behind_it(self, unused_tcp_port: int) -> None:
        with Proxy(LOOPBACK, unused_tcp_port) as proxy:
            reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()

    async def test_asks_for_the_port_of_each_line(self, echo: Echo, port: int) -> None:
        ports = [port]

        def where() -> int:
            if not ports:
                raise FileNotFoundError
            return ports.pop()

        with Proxy(LOOPBACK, where) as proxy:
            first = Caller(*await asyncio.open_connection(LOOPBACK, proxy.port))
            second = Caller(*await asyncio.open_connection(LOOPBACK, proxy.port))
            said = await first.ask(b"one"), await second.reader.read()
            for each in (first, second):
                each.writer.close()
                await each.writer.wait_closed()

        assert (said, echo.heard) == ((b"one\n", b""), [b"one\n"])
