"""A small HTTP server per service, in a thread of its own, that fails the way it is told to."""

import asyncio
import json
import threading
from dataclasses import dataclass, field
from typing import Final, Literal

Mode = Literal["answer", "freeze", "drop", "drain"]

HEALTH: Final = b"HEAD /health/ "


@dataclass
class Received:
    """One request as the service saw it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """What a backend answers."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


class Backend:
    """Answers with its name; keeps what came from the clients of the gateway."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.reset()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._handlers: set[asyncio.Task[None]] = set()
        self._idle: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def reset(self) -> None:
        self.mode: Mode = "answer"
        self.reply = Reply()
        self.received: list[Received] = []

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def stop(self) -> None:
        """Refuse connections and cut those that are open, like a killed process."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        # Until the gateway has noticed that these are over, it could send its next request there,
        # and a POST that may have arrived is not sent again.
        for writer in self._idle.values():
            writer.write_eof()
        if self._idle:
            await asyncio.wait(list(self._idle), timeout=5)
        for writer in self._writers:
            writer.transport.abort()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        assert handler is not None
        self._handlers.add(handler)
        self._writers.add(writer)
        try:
            while True:
                self._idle[handler] = writer
                head = await reader.readuntil(b"\r\n\r\n")
                del self._idle[handler]
                if self._server is None or not await self._answer(head, reader, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._handlers.discard(handler)
            self._idle.pop(handler, None)
            self._writers.discard(writer)
            writer.close()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        request = await _read(head, reader)
        is_check = head.startswith(HEALTH)
        # The document service asks each service by itself, whenever it likes.
        is_direct = request.headers.get("host") == self.url.removeprefix("http://")
        if not is_check and not is_direct:
            self.received.append(request)
        if self.mode == "freeze":
            await asyncio.Event().wait()
        if self.mode == "drop" and not is_check:
            return False
        reply = self._reply_to(is_check=is_check, target=request.target)
        body = reply.body if reply.body is not None else self._about(request)
        lines = [f"HTTP/1.1 {reply.status} -", f"content-length: {len(body)}"]
        lines += ["content-type: application/json", "server: backend"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        if request.method == "HEAD":
            body = b""
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        await writer.drain()
        return not is_direct

    def _reply_to(self, *, is_check: bool, target: str) -> Reply:
        if is_check:
            return Reply(503 if self.mode == "drain" else 200)
        if target == "/ready/":
            return Reply()
        return self.reply

    def _about(self, request: Received) -> bytes:
        return json.dumps({"backend": self.name, "target": request.target}).encode()


async def _read(head: bytes, reader: asyncio.StreamReader) -> Received:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Received(method, target, headers, body)
