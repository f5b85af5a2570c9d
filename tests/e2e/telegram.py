"""A Bot API that really listens: it answers as it was told and remembers what it was sent."""

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from typing_extensions import override

TOKEN = "123456:fake-token-of-the-tests"


@dataclass(frozen=True)
class Reply:
    """One answer: a status and a body, after a while, or a connection that ends without one."""

    status: int = 200
    body: dict[str, Any] | bytes | None = None
    after: float = 0.0
    hang_up: bool = False


def refused(status: int, description: str, **parameters: int) -> Reply:
    """Return Telegram's way to say no."""
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    return Reply(status, body | ({"parameters": parameters} if parameters else {}))


@dataclass
class FakeTelegram:
    """What was delivered to which chat, and what the next calls of a chat get."""

    delivered: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    script: dict[int, list[Reply]] = field(default_factory=lambda: defaultdict(list))
    calls: list[tuple[float, int]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, chat: int, token: str) -> None:
        """Let the user of a chat open the bot with a link's token."""
        message = {"chat": {"id": chat, "type": "private"}, "text": f"/start {token}"}
        with self.lock:
            self.updates.append({"update_id": 1000 + len(self.updates), "message": message})

    def news(self, offset: int) -> list[dict[str, Any]]:
        """Return the updates from *offset* on."""
        with self.lock:
            return [update for update in self.updates if update["update_id"] >= offset]

    def send(self, chat: int, text: str) -> Reply:
        """Deliver a message and say how to answer; the script may refuse it."""
        with self.lock:
            self.calls.append((time.monotonic(), chat))
            reply = self.script[chat].pop(0) if self.script[chat] else Reply()
            if reply.status in (200, 502, 504) or reply.hang_up:
                self.delivered[chat].append(text)
        return reply


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, telegram: FakeTelegram, host: str) -> None:
        super().__init__((host, 0), _Handler)
        self.telegram = telegram
        self.over = threading.Event()

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a caller that was killed."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the token, which is in the path, out of the output."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        sent = _fields(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        method = self.path.partition("?")[0].rpartition("/")[2]
        if f"/bot{TOKEN}/" not in self.path:
            self._write(refused(401, "Unauthorized"))
        elif method == "sendMessage":
            self._write(self.server.telegram.send(int(sent["chat_id"]), str(sent["text"])))
        elif method == "getUpdates":
            self._write(Reply(body={"ok": True, "result": self._news(int(sent["offset"]))}))
        else:
            self._write(Reply())

    def _news(self, offset: int) -> list[dict[str, Any]]:
        """Wait a little for updates, as a long poll does."""
        for _ in range(10):
            found = self.server.telegram.news(offset)
            if found or self.server.over.wait(0.1):
                return found
        return []

    def _write(self, reply: Reply) -> None:
        self.server.over.wait(reply.after)
        if reply.hang_up:
            self.close_connection = True
            return
        result = {"message_id": 1, "username": "hpa_bot", "id": 1, "is_bot": True}
        body = reply.body if reply.body is not None else {"ok": True, "result": result}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        with suppress(ConnectionError):  # a poller that was told to end has gone
            self.end_headers()
            self.wfile.write(content)


@contextmanager
def listening(telegram: FakeTelegram, host: str) -> Iterator[str]:
    """Let it listen on a free port of *host* until the block ends; yields its address."""
    server = _Server(telegram, host)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _fields(content: bytes) -> dict[str, Any]:
    if content.startswith(b"{"):
        found: dict[str, Any] = json.loads(content)
        return found
    return {name: values[0] for name, values in parse_qs(content.decode()).items()}
