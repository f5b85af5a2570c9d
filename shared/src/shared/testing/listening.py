"""Servers of tests, which listen on loopback and leave no connection behind."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve, port: int = 0) -> AsyncIterator[str]:
    """
    Let *serve* handle each connection to a free port, or to *port*; yield `http://host:port`.

    At the end every connection is cut, also one that was accepted a moment ago: asyncio's own
    server would leave it to the garbage collector, which complains in whatever test runs then.
    """
    writers: dict[asyncio.Future[None], asyncio.StreamWriter] = {}

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers[asyncio.ensure_future(serve(reader, writer))] = writer

    server = await asyncio.start_server(accept, "127.0.0.1", port, backlog=1024)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for _ in range(3):  # what was accepted arrives here
            await asyncio.sleep(0)
        for served in writers:
            served.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        for writer in writers.values():
            writer.transport.abort()
        await asyncio.sleep(0)  # and is cut here
