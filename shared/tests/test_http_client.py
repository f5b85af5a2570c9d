"""Calls between services: short, with a token, and one kind of failure whatever happens."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog

from shared.errors import NotFound, Unavailable
from shared.http.client import InternalClient
from shared.security.tokens import ServiceTokens
from shared.testing.json_server import json_server
from shared.testing.tokens import SERVICE_SECRET

ANSWERS = {
    "/ok/": b'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"id": 5}',
    "/none/": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/absent/": b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}",
    "/refused/": b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}",
    "/fault/": b"HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\n{}",
    "/overloaded/": b"HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\n{}",
    "/html/": b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
    "/rubbish/": b"\x00\x01\x02\r\n\r\n",
    "/cut/": b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{",
}


class Other:
    """Another service: it answers by path, keeps what it got, hangs or trickles."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.connections: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        self.requests.append(head)
        path = head.split(b" ")[1].decode()
        if path == "/trickle/":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" ")
                await asyncio.sleep(0.05)
        elif path in ANSWERS:
            writer.write(ANSWERS[path])
            await writer.drain()
        else:
            await reader.read()
        writer.close()


@pytest.fixture
async def other() -> AsyncIterator[tuple[Other, str]]:
    service = Other()
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield service, f"http://127.0.0.1:{port}"
    server.close()
    for connection in service.connections:
        connection.close()
        with contextlib.suppress(ConnectionError):
            await connection.wait_closed()


@pytest.fixture
async def calls(other: tuple[Other, str]) -> AsyncIterator[InternalClient]:
    client = InternalClient("other", other[1], SERVICE_SECRET, caller="things")
    yield client
    await client.close()


class TestAnswers:
    async def test_are_json(self, calls: InternalClient) -> None:
        assert await calls.get("/ok/") == {"id": 5}
        assert await calls.put("/none/", {"a": 1}) is None

    async def test_404_is_not_found(self, calls: InternalClient) -> None:
        with pytest.raises(NotFound):
            await calls.get("/absent/")

    @pytest.mark.parametrize(
        "path", ["/refused/", "/fault/", "/overloaded/", "/html/", "/rubbish/", "/cut/"]
    )
    async def test_everything_else_is_unavailable(self, calls: InternalClient, path: str) -> None:
        with pytest.raises(Unavailable, match="other does not answer"):
            await calls.post(path, {})


class TestTime:
    @pytest.mark.parametrize("path", ["/hang/", "/trickle/"])
    async def test_is_bounded_as_a_whole(self, calls: InternalClient, path: str) -> None:
        async with asyncio.timeout(10):  # by itself, either would last for ever
            with pytest.raises(Unavailable):
                await calls.get(path, timeout=0.3)

    @pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://", "nonsense"])
    async def test_is_not_lost_where_nobody_is(self, url: str) -> None:
        client = InternalClient("other", url, SERVICE_SECRET, caller="things")

        with pytest.raises(Unavailable):
            await client.get("/ok/")
        await client.close()


class TestRequests:
    async def test_carry_a_token_for_the_called_service(
        self, calls: InternalClient, other: tuple[Other, str]
    ) -> None:
        await calls.get("/ok/")

        token = header(other[0].requests[0], "authorization").removeprefix("Bearer ")
        assert ServiceTokens.verify(SERVICE_SECRET, token, audience="other") == "things"

    async def test_carry_the_request_id(
        self, calls: InternalClient, other: tuple[Other, str]
    ) -> None:
        with structlog.contextvars.bound_contextvars(request_id="abc"):
            await calls.get("/ok/")

        assert header(other[0].requests[0], "x-request-id") == "abc"

    async def test_are_not_sent_twice(
        self, calls: InternalClient, other: tuple[Other, str]
    ) -> None:
        with pytest.raises(Unavailable):
            await calls.post("/fault/", {})

        assert len(other[0].requests) == 1

    async def test_leave_no_body_in_the_log(self, calls: InternalClient, capsys: Any) -> None:
        with pytest.raises(Unavailable):
            await calls.post("/fault/", {"text": "canary-7f3a"})

        assert "canary-7f3a" not in capsys.readouterr().out


class TestReplicas:
    @pytest.fixture
    async def calls(self, other: tuple[Other, str]) -> AsyncIterator[InternalClient]:
        client = InternalClient(
            "other", f"http://127.0.0.1:9,{other[1]}", SERVICE_SECRET, caller="things"
        )
        yield client
        await client.close()

    async def test_stand_in_for_one_where_nobody_is(
        self, calls: InternalClient, other: tuple[Other, str]
    ) -> None:
        assert [await calls.get("/ok/") for _ in range(3)] == [{"id": 5}] * 3
        assert len(other[0].requests) == 3

    async def test_are_not_sent_what_another_may_have_received(
        self, other: tuple[Other, str]
    ) -> None:
        twice = InternalClient("other", f"{other[1]},{other[1]}", SERVICE_SECRET, caller="things")

        with pytest.raises(Unavailable):
            await twice.post("/cut/", {})
        await twice.close()

        assert len(other[0].requests) == 1

    async def test_are_all_tried_before_it_is_unavailable(self) -> None:
        nowhere = "http://127.0.0.1:9,http://127.0.0.1:9"
        client = InternalClient("other", nowhere, SERVICE_SECRET, caller="things")

        with pytest.raises(Unavailable):
            await client.get("/ok/")
        await client.close()

    async def test_take_turns_after_a_fault(self, other: tuple[Other, str]) -> None:
        async with json_server() as second:
            second.documents["/hang/"] = {"id": 6}
            both = InternalClient(
                "other", f"{other[1]},{second.url}", SERVICE_SECRET, caller="things"
            )

            with pytest.raises(Unavailable):
                await both.get("/hang/", timeout=0.1)
            assert await both.get("/hang/") == {"id": 6}
            await both.close()


def header(head: bytes, name: str) -> str:
    lines = (line.partition(": ") for line in head.decode().split("\r\n"))
    return next(value for key, _, value in lines if key.lower() == name)
