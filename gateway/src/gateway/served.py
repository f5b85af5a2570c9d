"""A document in memory, ready to be sent: plain and compressed, each with its own ETag."""

import gzip
import hashlib
from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True)
class Served:
    """Bytes with a strong ETag."""

    body: bytes
    packed: bytes
    etag: str
    media_type: str

    @classmethod
    def make(cls, body: bytes, media_type: str = "application/json") -> Self:
        """Compress *body* once, for all who ask."""
        etag = hashlib.sha256(body).hexdigest()[:32]
        return cls(body, gzip.compress(body, mtime=0), etag, media_type)

    def answer(self, request: Request) -> Response:
        """Answer *request*: 304 when its sender has this version already."""
        packs = "gzip" in request.headers.get("accept-encoding", "")
        etag = f'"{self.etag}-gzip"' if packs else f'"{self.etag}"'
        headers = {"ETag": etag, "Vary": "Accept-Encoding", "Cache-Control": "no-cache"}
        held = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
        if etag in held or "*" in held:
            return Response(status_code=304, headers=headers)
        if packs:
            headers["Content-Encoding"] = "gzip"
        return Response(
            self.packed if packs else self.body, headers=headers, media_type=self.media_type
        )
