"""The public halves of the signing keys."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from auth.deps import Auth
from auth.tokens.keys import HTTP_TTL
from shared.http.deps import Now
from shared.http.errors import errors
from shared.http.replies import reply

JWKS_PATH: Final = "/.well-known/jwks.json"
"""RFC 8615 gave it its name: the one path without a last slash."""
CACHED: Final = {"Cache-Control": f"public, max-age={int(HTTP_TTL.total_seconds())}"}

router = APIRouter()


@router.get(JWKS_PATH, responses=errors(), include_in_schema=False)
async def list_keys(auth: Auth, now: Now) -> Response:
    """Return the keys with which access tokens are verified (RFC 7517)."""
    return reply(auth.keys.jwks(now), headers=CACHED)
