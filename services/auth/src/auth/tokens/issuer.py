"""Access and refresh tokens: what is in them, and reading a refresh token back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import jwt

from auth.errors import RefreshRefused
from auth.tokens.keys import KeyStore, SigningKey

ACCESS_TYPE: Final = "at+jwt"
REFRESH_TYPE: Final = "refresh+jwt"
REFRESH_AUDIENCE: Final = "hpa-refresh"
MAX_TOKEN: Final = 4096
LEEWAY: Final = timedelta(seconds=60)
CLAIMS: Final = ["exp", "iat", "iss", "aud", "sub", "jti", "sid"]
BAD: Final = (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class RefreshClaims:
    """What a refresh token that we signed says."""

    jti: UUID
    session_id: UUID
    user_id: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What a pair of tokens is made of; the same grant always makes the same refresh token."""

    user_id: int
    username: str
    role: str
    session_id: UUID
    jti: UUID
    issued_at: datetime
    expires_at: datetime


class Issuer:
    """Signs tokens with the key of their moment, and reads refresh tokens back."""

    def __init__(
        self, keys: KeyStore, *, issuer: str, audience: str, access_life: timedelta
    ) -> None:
        """Sign as *issuer* for *audience*."""
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._access_life = access_life

    def access(self, grant: Grant, now: datetime) -> str:
        """Return an access token; whoever verifies it needs nothing but the public key."""
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(grant.user_id),
            "jti": uuid4().hex,
            "sid": grant.session_id.hex,
            "iat": int(now.timestamp()),
            "exp": int((now + self._access_life).timestamp()),
            "role": grant.role,
            "username": grant.username,
            "token_type": "access",
        }
        return _sign(claims, self._keys.signing_at(now), ACCESS_TYPE)

    def refresh(self, grant: Grant) -> str:
        """Return the refresh token of *grant*; Ed25519 signs equal claims equally."""
        claims = {
            "iss": self._issuer,
            "aud": REFRESH_AUDIENCE,
            "sub": str(grant.user_id),
            "jti": grant.jti.hex,
            "sid": grant.session_id.hex,
            "iat": int(grant.issued_at.timestamp()),
            "exp": int(grant.expires_at.timestamp()),
            "token_type": "refresh",
        }
        return _sign(claims, self._keys.signing_at(grant.issued_at), REFRESH_TYPE)

    def read_refresh(self, token: str, *, even_expired: bool = False) -> RefreshClaims:
        """Return what *token* says. Raises `RefreshRefused` unless it is one of ours."""
        try:
            if len(token) > MAX_TOKEN:
                raise RefreshRefused
            key = self._key_of(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key.private.public_key(),
                algorithms=["EdDSA"],
                issuer=self._issuer,
                audience=REFRESH_AUDIENCE,
                leeway=LEEWAY,
                options={"require": CLAIMS, "strict_aud": True, "verify_exp": not even_expired},
            )
            if claims.get("token_type") != "refresh":
                raise RefreshRefused
            return RefreshClaims(UUID(claims["jti"]), UUID(claims["sid"]), int(claims["sub"]))
        except BAD:
            raise RefreshRefused from None

    def _key_of(self, header: dict[str, Any]) -> SigningKey:
        # Exactly our own header: jku, jwk, x5u and crit would let a token choose its rules.
        if header.keys() != {"alg", "kid", "typ"} or header["typ"] != REFRESH_TYPE:
            raise RefreshRefused
        key = self._keys.find(header["kid"])
        if key is None or header["alg"] != "EdDSA":
            raise RefreshRefused
        return key


def session_of(token: str) -> UUID | None:
    """Return the session an access token belongs to; the token has been verified before."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return UUID(claims["sid"])
    except BAD:
        return None


def _sign(claims: dict[str, Any], key: SigningKey, kind: str) -> str:
    return jwt.encode(claims, key.private, "EdDSA", {"typ": kind, "kid": key.kid})
