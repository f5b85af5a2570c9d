"""Asking for health without a client library: what every kind of answer means."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hpa.health import Health, ask_health
from hpa.ports import HOST

Answering = Callable[[bytes], Awaitable[int]]


@pytest.fixture
async def answering() -> AsyncIterator[Answering]:
    """Return a function that starts a server with one answer for everybody."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        servers.append(await asyncio.start_server(serve, HOST, 0))
        port: int = servers[-1].sockets[0].getsockname()[1]
        return port

    yield start
    for server in servers:
        server.close()


class TestAskHealth:
    async def test_reads_which_services_are_ready(self, answering: Answering) -> None:
        body = b'{"status": "degraded", "services": {"auth": "ok", "exams": "down"}}'
        port = await answering(b"HTTP/1.1 503 Service Unavailable\r\n\r\n" + body)

        assert await ask_health(port) == Health(
            is_ok=False, has_answered=True, ready=frozenset({"auth"}), says="exams: down"
        )

    async def test_is_ok_for_200_in_chunks_too(self, answering: Answering) -> None:
        body = b'17\r\n{"services": {"a": "ok"}}\r\n0\r\n\r\n'
        port = await answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)

        assert (await ask_health(port)).is_ok

    @pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 502 Bad Gateway\r\n\r\nBad Gateway", b"?"])
    async def test_is_not_ok_for_anything_else(self, answering: Answering, answer: bytes) -> None:
        assert not (await ask_health(await answering(answer))).is_ok

    async def test_is_not_ok_where_nobody_listens(self) -> None:
        assert await ask_health(1) == Health()
