"""A small HTTP server that really listens, for tests of calls to another service."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.testing.listening import listening


@dataclass
class JsonServer:
    """Answers `GET path` from `documents`, 404 for the rest; keeps what it was sent."""

    url: str = ""
    documents: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    received: list[tuple[str, str, Any]] = field(default_factory=list)
    """(method, path, body) of each request."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        self.received.append((method, path, json.loads(content) if content else None))
        known = self.documents.get(path)
        status = self.status if known is not None or method != "GET" else 404
        body = b"" if known is None else json.dumps(known).encode()
        writer.write(
            b"HTTP/1.1 %d -\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )
        await writer.drain()


@asynccontextmanager
async def json_server() -> AsyncIterator[JsonServer]:
    """Listen on a free loopback port."""
    fake = JsonServer()
    async with listening(fake._serve) as fake.url:  # noqa: SLF001 - its own
        yield fake
