"""The edge of every service, one pure ASGI layer: limits, request id, headers, access log."""

import asyncio
import random
import re
import secrets
import time
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http import access
from shared.http.body import BODY_KEY
from shared.http.language import Interpreter, Phrasebook
from shared.http.load import READS, Limits, Load
from shared.http.replies import dumps
from shared.http.routing import send_json
from shared.runtime import Runtime
from shared.telemetry.metrics import count_refusal, count_request

log = structlog.get_logger()

MAX_BODY: Final = 1024 * 1024
BODY_SECONDS: Final = 10.0
REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9_-]{1,64}")
ABOUT_ITSELF: Final = ("/health", "/ready", "/metrics")
"""Where a process is asked about itself: never shed, counted, logged or traced."""
INTERNAL: Final = "/internal/"
"""Calls of other services are never shed: a user of theirs waits, who was let in already."""
DEFAULT_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]
CLOSE: Final = (b"connection", b"close")
CLIENT_GONE: Final = 499

TOO_LARGE: Final = dumps({"detail": "Request body too large."})
TOO_SLOW_BODY: Final = dumps({"detail": "The request body did not arrive in time."})
BAD_LENGTH: Final = dumps({"detail": "Content-Length is not a number."})
OVERLOADED: Final = dumps({"detail": "Too many requests at the moment, try again later."})
TOO_SLOW: Final = dumps({"detail": "The request took too long, try again later."})
FAULT: Final = dumps({"detail": "A server error occurred."})


class Refusal(Exception):
    """The edge answers by itself."""

    def __init__(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """Keep the answer."""
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = headers


class Edge:
    """
    Wraps the application.

    Bodies are read here, whole and bounded, before anything else happens: a slow sender holds
    neither a place among the requests in flight nor a transaction.
    """

    def __init__(
        self, app: ASGIApp, *, runtime: Runtime, limits: Limits, phrases: Phrasebook
    ) -> None:
        """Watch over *app*, and say its errors in the languages of *phrases*."""
        self.app = app
        self.phrases = phrases
        self.runtime = runtime
        self.load = runtime.load = Load(limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connections pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        interpreter = Interpreter(self.phrases, scope, send)
        exchange = _Exchange(scope, receive, interpreter.send, self.runtime)
        try:
            await self._serve(scope, exchange)
        except Refusal as refusal:
            await send_json(exchange.send, refusal.status, refusal.body, *refusal.headers)
        except TimeoutError:
            count_refusal("too_slow")
            await exchange.fail(503, TOO_SLOW, _retry_after())
        except _Gone:
            return
        except Exception:
            log.exception("unexpected error", path=scope["path"], method=scope["method"])
            await exchange.fail(500, FAULT)
        finally:
            exchange.log()

    async def _serve(self, scope: Scope, exchange: "_Exchange") -> None:
        if scope["path"].startswith(ABOUT_ITSELF):
            await self.app(scope, exchange.receive, exchange.send)
            return
        is_read = scope["method"] in READS
        is_public = not scope["path"].startswith(INTERNAL)
        if is_public:
            self._require_room(is_read=is_read)
        if not is_read:
            await exchange.read_body()
            if is_public:
                self._require_room(is_read=False)
        limits = self.load.limits
        own_seconds = limits.seconds_by_path.get(scope["path"].rstrip("/") + "/")
        started_at = time.perf_counter()
        self.load.enter(is_read=is_read)
        try:
            async with asyncio.timeout(own_seconds or limits.seconds):
                await self.app(scope, exchange.receive, exchange.send)
        finally:
            took = None if own_seconds else time.perf_counter() - started_at
            self.load.leave(took, is_read=is_read)

    def _require_room(self, *, is_read: bool) -> None:
        if not self.load.has_room(is_read=is_read):
            count_refusal("overload")
            raise Refusal(503, OVERLOADED, _retry_after())


def _retry_after() -> tuple[bytes, bytes]:
    """Spread those who come again, or they all come at once."""
    return (b"retry-after", str(random.randint(1, 3)).encode())  # noqa: S311 - no secret


class _Gone(Exception):
    """The client went away before its body was complete."""


class _Exchange:
    """One request and its answer on their way through the edge."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, runtime: Runtime) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._runtime = runtime
        self._body: bytes | None = None
        self._started_at = time.perf_counter()
        self.status = 0
        self.length: bytes | None = None
        self.request_id = b""
        for name, value in scope["headers"]:
            if name == b"content-length":
                self.length = value
            elif name == b"x-request-id" and REQUEST_ID.fullmatch(value):
                self.request_id = value
        self.request_id = self.request_id or secrets.token_hex(16).encode()
        structlog.contextvars.bind_contextvars(request_id=self.request_id.decode())

    async def read_body(self) -> None:
        """Read the whole body. Raises `Refusal` when it is too large or too slow."""
        if self.length is not None:
            if not (self.length.isdigit() and len(self.length) < 20):  # noqa: PLR2004 - int64
                raise Refusal(400, BAD_LENGTH, CLOSE)
            if int(self.length) > MAX_BODY:
                raise Refusal(413, TOO_LARGE, CLOSE)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                self._body = await self._read()
        except TimeoutError:
            raise Refusal(408, TOO_SLOW_BODY, CLOSE) from None
        self.scope[BODY_KEY] = self._body

    async def _read(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        first: bytes = message.get("body", b"")
        if not message.get("more_body"):
            return _bounded(first)
        body = bytearray(first)
        while message.get("more_body"):
            _bounded(body)
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            body += message.get("body", b"")
        return bytes(_bounded(body))

    async def receive(self) -> Message:
        """Give the body that was read, once; after it, what the server says."""
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Pass the answer on, with the headers every answer has."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], (b"x-request-id", self.request_id)]
            named = {name for name, _ in headers}
            headers += [one for one in DEFAULT_HEADERS if one[0] not in named]
            if self._runtime.draining:
                headers.append(CLOSE)
            message = {**message, "headers": headers}
        elif self.scope["method"] == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    async def fail(self, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
        """Answer with an error unless an answer has begun."""
        if not self.status:
            await send_json(self.send, status, body, *headers)

    def log(self) -> None:
        """Count the request and write the access line; health checks are left out."""
        scope = self.scope
        if scope["path"].startswith(ABOUT_ITSELF):
            return
        seconds = time.perf_counter() - self._started_at
        status = self.status or CLIENT_GONE
        route = scope.get("route")
        count_request(scope["method"], route.path if route else None, status, seconds)
        access.write(
            self._runtime.name, self.request_id, scope["method"], scope["path"], status, seconds
        )


def _bounded(body: bytes | bytearray) -> bytes:
    if len(body) > MAX_BODY:
        raise Refusal(413, TOO_LARGE, CLOSE)
    return body  # type: ignore[return-value]
