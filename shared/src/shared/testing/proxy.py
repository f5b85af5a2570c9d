"""A TCP proxy between two parts, for tests of what happens when their line fails."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self

PIECE: Final = 65_536
LOOPBACK: Final = "127.0.0.1"


class Proxy:
    """
    Listens on a loopback port of its own and hands everything on to *host* and *port*.

    A *port* that is a function is asked for each line: some targets choose theirs when they start.
    While it raises `OSError`, callers are hung up on. The loop runs in a thread, so that it also
    works for tests that wait without a loop.
    """

    def __init__(self, host: str, port: int | Callable[[], int]) -> None:
        self.dropped = 0
        """How many answers were swallowed."""
        self._host = host
        self._port = port if callable(port) else lambda: port
        self._listener = socket.create_server((LOOPBACK, 0), backlog=1024)
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._open = asyncio.Event()
        self._delay = 0.0
        self._to_drop = 0
        self._lines: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listener.close()

    def cut(self) -> None:
        """Let nothing through in either direction; nobody is told, as with a pulled cable."""
        self._do(self._open.clear)

    def slow(self, seconds: float) -> None:
        """Let every piece wait in either direction before it goes on."""

        def change() -> None:
            self._delay = seconds

        self._do(change)

    def drop_response(self, count: int = 1) -> None:
        """Swallow the next *count* answers, of requests that arrived, and hang up instead."""

        def change() -> None:
            self._to_drop += count

        self._do(change)

    def hang_up(self) -> None:
        """End every line at once; new ones are let through."""

        def change() -> None:
            for line in self._lines:
                line.cancel()

        self._do(change)

    def heal(self) -> None:
        """Let everything through again; what waited on a cut line goes on."""

        def change() -> None:
            self._delay, self._to_drop = 0.0, 0
            self._open.set()

        self._do(change)

    def _do(self, change: Callable[[], None]) -> None:
        """Change something in the loop, and return when it is so."""

        async def changing() -> None:
            change()

        asyncio.run_coroutine_threadsafe(changing(), self._loop).result()

    def _start(self) -> None:
        self._open.set()
        self._listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
        self._accepting = self._loop.create_task(self._accept())

    async def _accept(self) -> None:
        while True:
            client, _ = await self._loop.sock_accept(self._listener)
            line = self._loop.create_task(self._line(client))
            self._lines.add(line)
            line.add_done_callback(self._lines.discard)

    async def _end(self) -> None:
        tasks = [*self._lines, *([self._accepting] if self._accepting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _line(self, client: socket.socket) -> None:
        """Carry one connection until either side ends it."""
        writers: list[asyncio.StreamWriter] = []
        try:
            asking, to_client = await asyncio.open_connection(sock=client, limit=PIECE)
            writers.append(to_client)
            await self._open.wait()
            answering, to_target = await asyncio.open_connection(
                self._host, self._port(), limit=PIECE
            )
            writers.append(to_target)
            await _first_of(
                self._carry(asking, to_target), self._carry(answering, to_client, is_answer=True)
            )
        except OSError:
            pass  # the client learns of it by the end of his line
        finally:
            for writer in writers:
                writer.close()
            await asyncio.sleep(0)  # transports close their sockets one turn later

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        is_answer: bool = False,
    ) -> None:
        while piece := await reader.read(PIECE):
            if self._delay:
                await asyncio.sleep(self._delay)
            await self._open.wait()
            if is_answer and self._to_drop:
                self._to_drop -= 1
                self.dropped += 1
                return
            writer.write(piece)
            await writer.drain()


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Run both, and end the other when one ends."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
