"""`/metrics` of a process that serves nothing else and carries no web framework."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from shared.telemetry.metrics import CONTENT_TYPE

log = structlog.get_logger()

Page = Callable[[], Awaitable[bytes]]

HEAD_BYTES: Final = 8192
SECONDS: Final = 5.0
WANTED: Final = (b"GET /metrics ", b"GET /metrics/ ")


@asynccontextmanager
async def serving_metrics(host: str, port: int, page: Page) -> AsyncIterator[int]:
    """
    Answer `/metrics` with *page* during the block, which gets the port; 0 chooses one.

    A port that is taken is no reason not to work: it is logged, and the block gets 0.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                writer.write(await _answer(reader, page))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except Exception:
            log.exception("the metrics could not be told")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    try:
        server = await asyncio.start_server(answer, host, port, limit=HEAD_BYTES)
    except OSError as error:
        log.warning("metrics are not served", port=port, reason=error.strerror)
        yield 0
        return
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _answer(reader: asyncio.StreamReader, page: Page) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(WANTED):
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    body = await page()
    lines = ("HTTP/1.1 200 OK", f"Content-Type: {CONTENT_TYPE}", f"Content-Length: {len(body)}",
             "X-Content-Type-Options: nosniff", "Connection: close", "", "")  # fmt: skip
    return "\r\n".join(lines).encode() + body
