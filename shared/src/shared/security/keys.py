"""The public keys tokens are checked with: fetched from auth, kept in memory and on disk."""

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from shared.errors import Unavailable

log = structlog.get_logger()

KeyDocument = Mapping[str, Any]
Fetch = Callable[[], Awaitable[KeyDocument]]

TTL_SECONDS: Final = 300.0
MISS_GAP_SECONDS: Final = 1.0
NO_KEYS: Final = "Tokens cannot be checked at the moment, try again later."


class KeySet:
    """
    Keys by `kid`.

    One fetch at a time serves all who wait; an unknown `kid` causes at most one fetch a second;
    while auth is away the keys known last go on serving, also after a restart (from `cache`).
    """

    def __init__(
        self, fetch: Fetch, *, ttl: float = TTL_SECONDS, cache: Path | None = None
    ) -> None:
        """Fetch by *fetch*; nothing is loaded yet."""
        self._fetch = fetch
        self._ttl = ttl
        self._cache = cache
        self._keys: dict[str, Any] = {}
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self.generation = 0
        """Grows when a key has gone: what was verified before must be verified again."""

    async def get(self, kid: str) -> Any | None:  # noqa: ANN401 - a public key of `cryptography`
        """Return the key, or None for an unknown *kid*. Raises `Unavailable` without any key."""
        age = time.monotonic() - self._tried_at
        if age > self._ttl or (kid not in self._keys and age > MISS_GAP_SECONDS):
            await self._refresh(self._tried_at)
        if not self._keys:
            raise Unavailable(NO_KEYS)
        return self._keys.get(kid)

    async def refresh(self) -> bool:
        """Fetch the keys now. Returns whether that worked."""
        return await self._refresh(self._tried_at)

    async def keep_fresh(self) -> None:
        """Fetch again and again, so that no request has to; sooner while auth is away."""
        while True:
            worked = await self.refresh()
            await asyncio.sleep(self._ttl * 0.8 if worked else MISS_GAP_SECONDS)

    async def _refresh(self, seen: float) -> bool:
        async with self._lock:
            if self._tried_at != seen:
                return bool(self._keys)  # somebody else did it while we waited
            if not self._keys:
                self._take(self._from_disk())
            try:
                document = await self._fetch()
                keys = _read(document)
            except (OSError, ValueError, TypeError, KeyError, PyJWTError, Unavailable) as error:
                log.warning("signing keys not fetched", error=type(error).__name__)
                return False
            finally:
                self._tried_at = time.monotonic()
            if keys and self._take(keys):
                self._to_disk(document)
            return bool(keys)

    def _take(self, keys: dict[str, Any]) -> bool:
        """Use *keys* from now on. Returns whether anything changed."""
        if keys.keys() == self._keys.keys():
            return False
        if self._keys.keys() - keys.keys():
            self.generation += 1
        self._keys = keys
        return True

    def _from_disk(self) -> dict[str, Any]:
        if self._cache is None or not self._cache.exists():
            return {}
        try:
            return _read(orjson.loads(self._cache.read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, PyJWTError):
            log.warning("the key cache is not readable, going on without it")
            return {}

    def _to_disk(self, document: KeyDocument) -> None:
        if self._cache is None:
            return
        new = self._cache.with_suffix(f".{os.getpid()}.new")
        with contextlib.suppress(OSError):  # a full disk must not stop anybody from signing in
            new.parent.mkdir(parents=True, exist_ok=True)
            opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(opened, "wb") as file:
                file.write(orjson.dumps(dict(document)))
            new.replace(self._cache)


def _read(document: KeyDocument) -> dict[str, Any]:
    """Return the Ed25519 signing keys of a JWKS document; keys of other kinds are left out."""
    return {
        str(key["kid"]): PyJWK(key, algorithm="EdDSA").key
        for key in document["keys"]
        if key.get("kty") == "OKP"
        and key.get("crv") == "Ed25519"
        and key.get("use", "sig") == "sig"
        and "d" not in key
        and key.get("kid")
    }
