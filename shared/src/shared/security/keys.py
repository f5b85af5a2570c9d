"""The public keys tokens are checked with: fetched from auth, kept in memory and on disk."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import httpx2
import orjson
import structlog
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from shared.errors import Unavailable
from shared.security.trust import TRUSTED

log = structlog.get_logger()

KeyDocument = Mapping[str, Any]

TTL_SECONDS: Final = 300.0
FETCH_SECONDS: Final = 1.0
MISS_GAP_SECONDS: Final = 1.0
FIRST_GAP_SECONDS: Final = 0.1
"""Without any key nobody can be served: the suite is not ready before auth has answered."""
UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError, PyJWTError)
NO_KEYS: Final = "Tokens cannot be checked at the moment, try again later."


class KeySource(Protocol):
    """Where the published keys (a JWKS document) come from."""

    async def fetch(self) -> KeyDocument:
        """Return the document of the moment."""

    async def close(self) -> None:
        """Give back what is held."""


class HttpKeys:
    """The keys auth publishes."""

    def __init__(self, url: str) -> None:
        """Fetch from *url*."""
        self._url = url
        self._http: httpx2.AsyncClient | None = None

    async def fetch(self) -> KeyDocument:
        """Return the document, within a second."""
        if self._http is None:
            self._http = httpx2.AsyncClient(timeout=FETCH_SECONDS, trust_env=False, verify=TRUSTED)
        async with asyncio.timeout(FETCH_SECONDS):
            response = await self._http.get(self._url)
        response.raise_for_status()
        document: KeyDocument = orjson.loads(response.content)
        return document

    async def close(self) -> None:
        """Close the connection."""
        if self._http is not None:
            await self._http.aclose()


class LocalKeys:
    """The keys of auth itself, which needs no network to know them."""

    def __init__(self, document: Callable[[], KeyDocument]) -> None:
        """Ask *document* each time."""
        self._document = document

    async def fetch(self) -> KeyDocument:
        """Return the document."""
        return self._document()

    async def close(self) -> None:
        """Do nothing."""


class KeySet:
    """
    Keys by `kid`.

    One fetch at a time serves all who wait; an unknown `kid` causes at most one fetch a second;
    while auth is away the keys known last go on serving, also after a restart (from `cache`).
    """

    def __init__(
        self, source: KeySource, *, ttl: float = TTL_SECONDS, cache: Path | None = None
    ) -> None:
        """Fetch from *source*; nothing is loaded yet."""
        self._source = source
        self._ttl = ttl
        self._cache = cache
        self._keys: dict[str, Any] = {}
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()
        self.generation = 0
        """Grows when a key has gone: what was verified before must be verified again."""

    @property
    def is_known(self) -> bool:
        """Tell whether there is any key; without one every token is answered 503."""
        return bool(self._keys)

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
            pause = MISS_GAP_SECONDS if self._keys else FIRST_GAP_SECONDS
            await asyncio.sleep(self._ttl * 0.8 if worked else pause)

    async def _refresh(self, seen: float) -> bool:
        async with self._lock:
            if self._tried_at != seen:
                return bool(self._keys)  # somebody else did it while we waited
            if not self._keys:
                self._take(self._from_disk())
            try:
                document = await self._source.fetch()
                keys = _read(document)
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError, *UNREADABLE) as error:
                log.warning("signing keys not fetched", error=type(error).__name__)
                return False
            finally:
                self._tried_at = time.monotonic()
            if keys and self._take(keys):
                self._to_disk(document)
            return bool(keys)

    async def close(self) -> None:
        """Close the source."""
        await self._source.close()

    def _take(self, keys: dict[str, Any]) -> bool:
        """Use *keys* from now on. Returns whether anything changed."""
        if keys == self._keys:
            return False
        if any(keys.get(kid) != key for kid, key in self._keys.items()):
            self.generation += 1
        self._keys = keys
        return True

    def _from_disk(self) -> dict[str, Any]:
        if self._cache is None or not self._cache.exists():
            return {}
        try:
            return _read(orjson.loads(self._cache.read_bytes()))
        except (OSError, *UNREADABLE):
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
