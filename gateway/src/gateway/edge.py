"""The headers of every answer, one pure ASGI layer."""

import re
import secrets
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.language import Interpreter, Phrasebook
from shared.http.texts import TEXTS

REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9_-]{1,64}")
PHRASES: Final = Phrasebook(TEXTS)
DEFAULTS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
]


class Edge:
    """Adds what the services add, too: careful headers, the request's id, no caching of errors."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap *app*."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connections pass."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        request_id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(16).encode()

        interpreter = Interpreter(PHRASES, scope, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"x-request-id", request_id)]
                named = {name.lower() for name, _ in headers}
                # What has a version may be kept and asked for again; the rest may not be kept.
                caching = b"no-cache" if b"etag" in named else b"no-store"
                defaults = [*DEFAULTS, (b"cache-control", caching)]
                headers += [one for one in defaults if one[0] not in named]
                message = {**message, "headers": headers}
            await interpreter.send(message)

        await self.app(scope, receive, send_with_headers)
