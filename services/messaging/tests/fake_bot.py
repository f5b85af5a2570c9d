"""A Bot API that really listens: it answers as it was told and remembers what reached whom."""

import asyncio
import json
import socket
import struct
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from shared.testing.listening import listening

TOKEN: Final = "123456:fake-token-of-the-tests-0123456789"
HEAD: Final = b"HTTP/1.1 %d x\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
RESET: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Reply:
    """One answer of sendMessage."""

    status: int = 200
    body: bytes = b'{"ok":true,"result":{"message_id":1}}'
    delivers: bool = True
    hangs: bool = False
    resets: bool = False
    kind: bytes = b"application/json"
    seconds: float = 0.0


def refusal(status: int, description: str, **parameters: int) -> Reply:
    """Return Telegram's own no, which delivers nothing."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    body |= {"parameters": parameters} if parameters else {}
    return Reply(status, json.dumps(body).encode(), delivers=False)


OK: Final = Reply()
HANGS: Final = Reply(hangs=True)
RESETS: Final = Reply(resets=True)
BAD_GATEWAY: Final = Reply(502, b"<html><h1>502 Bad Gateway</h1></html>", kind=b"text/html")
FAULT: Final = refusal(500, "Internal Server Error: restart")
BLOCKED: Final = refusal(403, "Forbidden: bot was blocked by the user")
NO_CHAT: Final = refusal(400, "Bad Request: chat not found")


def too_many(seconds: int) -> Reply:
    return refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


@dataclass
class FakeBot:
    """What was asked, what was delivered, and what the next calls get."""

    url: str = ""
    calls: list[tuple[float, int, str]] = field(default_factory=list)
    delivered: Counter[int] = field(default_factory=Counter)
    script: dict[int, deque[Reply]] = field(default_factory=lambda: defaultdict(deque))
    """Answers for a chat, one after the other; then OK."""
    updates: list[dict[str, Any]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    offsets: list[int] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    webhook: str = ""
    let_go: Callable[[], object] = lambda: None
    """Ends the connections that hang."""

    def send(self, chat: int, text: str) -> Reply:
        """Deliver, or not, as the script says."""
        self.calls.append((time.monotonic(), chat, text))
        replies = self.script.get(chat)
        reply = replies.popleft() if replies else OK
        if reply.delivers:
            self.delivered[chat] += 1
        return reply

    def texts(self, chat: int) -> list[str]:
        return [text for _, to, text in self.calls if to == chat]

    def times(self, chat: int) -> list[float]:
        return [at for at, to, _ in self.calls if to == chat]

    def busiest(self, seconds: float = 1) -> int:
        """Return the largest number of calls in any window of so many seconds."""
        moments = sorted(at for at, _, _ in self.calls)
        most = first = 0
        for last, moment in enumerate(moments):
            while moment - moments[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most


class _Server:
    """The listening half, on an event loop of its own thread."""

    def __init__(self, bot: FakeBot) -> None:
        self.bot = bot
        self.over, self.freed = asyncio.Event(), asyncio.Event()

    async def serve(self, started: threading.Event, port: int) -> None:
        async with listening(self._connection, port) as self.bot.url:
            started.set()
            await self.over.wait()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while await self._exchange(reader, writer):
                    pass
        finally:
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
        body = json.loads(await reader.readexactly(int(length)))
        path = head.split(b" ", 2)[1].decode()
        self.bot.open += 1
        self.bot.most_open = max(self.bot.most_open, self.bot.open)
        try:
            return await self._answer(path, body, writer)
        finally:
            self.bot.open -= 1

    async def _answer(self, path: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> bool:
        method = path.rpartition("/")[2]
        self.bot.asked[method] += 1
        if path != f"/bot{TOKEN}/{method}":
            return await self._write(writer, refusal(401, "Unauthorized"))
        if method != "sendMessage":
            return await self._write(writer, await self._other(method, body))
        assert body["parse_mode"] == "HTML"
        reply = self.bot.send(int(body["chat_id"]), str(body["text"]))
        return await self._write(writer, reply)

    async def _write(self, writer: asyncio.StreamWriter, reply: Reply) -> bool:
        if reply.hangs:
            await self.freed.wait()
            return False
        if reply.seconds:
            await asyncio.sleep(reply.seconds)
        if reply.resets:
            # Closing with SO_LINGER 0 sends RST instead of FIN.
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
            return False
        writer.write(HEAD % (reply.status, reply.kind, len(reply.body)) + reply.body)
        await writer.drain()
        return True

    async def _other(self, method: str, body: dict[str, Any]) -> Reply:
        result: Any = True
        if method == "getMe":
            result = {"id": 1, "is_bot": True, "username": "hpa_test_bot"}
        elif method == "setWebhook":
            self.bot.webhook = str(body["url"])
        elif method == "deleteWebhook":
            self.bot.webhook = ""
        elif method == "getUpdates":
            if self.bot.webhook:
                return refusal(409, "Conflict: can't use getUpdates method while webhook is active")
            result = await self._updates(int(body["offset"]))
        return Reply(body=json.dumps({"ok": True, "result": result}).encode())

    async def _updates(self, offset: int) -> list[dict[str, Any]]:
        self.bot.offsets.append(offset)
        for _ in range(20):
            found = [one for one in self.bot.updates if one["update_id"] >= offset]
            if found or self.over.is_set():
                return found
            await asyncio.sleep(0.05)
        return []


@contextmanager
def fake_bot(port: int = 0) -> Iterator[FakeBot]:
    """Listen on a free port, or on *port*, until the block ends."""
    bot, started = FakeBot(), threading.Event()
    loop = asyncio.new_event_loop()
    server = _Server(bot)

    def live() -> None:
        loop.run_until_complete(server.serve(started, port))
        loop.close()

    bot.let_go = partial(loop.call_soon_threadsafe, server.freed.set)
    thread = threading.Thread(target=live)
    thread.start()
    try:
        assert started.wait(10)
        yield bot
    finally:
        bot.let_go()
        loop.call_soon_threadsafe(server.over.set)
        thread.join()
