"""Access tokens (EdDSA, from auth) and service tokens (HS256, between services), per RFC 8725."""

import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import jwt

from shared.clock import utcnow
from shared.errors import InvalidToken
from shared.http.fields import MAX_ID
from shared.security.keys import KeySet
from shared.security.principal import ROLES, Principal

LEEWAY: Final = timedelta(seconds=60)
MAX_TOKEN: Final = 4096
MAX_VERIFIED: Final = 8192
ACCESS_TYPE: Final = "at+jwt"
SERVICE_TYPE: Final = "svc+jwt"
SERVICE_LIFE: Final = timedelta(seconds=60)
COMPACT: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)
"""Unpadded base64url: the same token in two spellings would be two tokens."""
KNOWN_HEADERS: Final = frozenset(("alg", "kid", "typ"))
CLAIMS: Final = ["exp", "iat", "iss", "aud", "sub", "jti"]
BAD: Final = (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class _Verified:
    principal: Principal
    expires_at: float
    generation: int


class TokenVerifier:
    """
    Verifies access tokens with the published keys; no call per request.

    A verified token is remembered by its hash until it expires or its key is withdrawn.
    """

    def __init__(self, keys: KeySet, *, issuer: str, audience: str) -> None:
        """Accept tokens of *issuer* for *audience* only."""
        self.keys = keys
        self._issuer = issuer
        self._audience = audience
        self._verified: dict[bytes, _Verified] = {}

    async def verify(self, token: str) -> Principal:
        """Return whom *token* stands for. Raises `InvalidToken`; `Unavailable` without keys."""
        if len(token) > MAX_TOKEN or not COMPACT.fullmatch(token):
            raise InvalidToken
        digest = sha256(token.encode()).digest()
        known = self._verified.pop(digest, None)
        if known is None or known.generation != self.keys.generation:
            known = await self._verify(token)
        elif known.expires_at <= utcnow().timestamp():
            raise InvalidToken
        self._verified[digest] = known  # moved to the end: the front is what was used longest ago
        if len(self._verified) > MAX_VERIFIED:
            del self._verified[next(iter(self._verified))]
        return known.principal

    async def _verify(self, token: str) -> _Verified:
        key = await self.keys.get(_kid_of(token))
        if key is None:
            raise InvalidToken
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY,
                options={"require": CLAIMS, "strict_aud": True},
            )
            return _Verified(
                _principal(claims), claims["exp"] + LEEWAY.total_seconds(), self.keys.generation
            )
        except BAD:
            raise InvalidToken from None


def _kid_of(token: str) -> str:
    """Return the `kid`. Raises `InvalidToken` for any header that is not exactly ours."""
    try:
        header = jwt.get_unverified_header(token)
    except BAD:
        raise InvalidToken from None
    # jku, jwk, x5u, x5c and crit would let the token choose its own key or rules.
    if not header.keys() <= KNOWN_HEADERS or header.get("typ") != ACCESS_TYPE:
        raise InvalidToken
    kid = header.get("kid")
    if header.get("alg") != "EdDSA" or not isinstance(kid, str):
        raise InvalidToken
    return kid


def _principal(claims: dict[str, Any]) -> Principal:
    subject, role = claims["sub"], claims["role"]
    if claims.get("token_type") != "access" or role not in ROLES:
        raise ValueError
    if not (subject.isascii() and subject.isdigit() and 1 <= int(subject) <= MAX_ID):
        raise ValueError
    return Principal(int(subject), role, str(claims.get("username", "")))


class ServiceTokens:
    """Short-lived tokens of one service for another; `aud` names the one that is called."""

    @staticmethod
    def mint(secret: str, *, caller: str, audience: str) -> str:
        """Return a token good for a minute."""
        now = utcnow()
        claims = {"iss": caller, "aud": audience, "iat": now, "exp": now + SERVICE_LIFE}
        return jwt.encode(claims, secret, algorithm="HS256", headers={"typ": SERVICE_TYPE})

    @staticmethod
    def verify(secret: str, token: str, *, audience: str) -> str:
        """Return the name of the calling service. Raises `InvalidToken`."""
        try:
            if (
                len(token) > MAX_TOKEN
                or not COMPACT.fullmatch(token)
                or jwt.get_unverified_header(token) != SERVICE_HEADER
            ):
                raise InvalidToken
            claims = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                audience=audience,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud"], "strict_aud": True},
            )
        except BAD:
            raise InvalidToken from None
        return str(claims["iss"])


SERVICE_HEADER: Final = {"alg": "HS256", "typ": SERVICE_TYPE}
