"""Ed25519 signing keys on disk: made once for all processes, replaced with overlap."""

import base64
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

JWKS_TTL: Final = timedelta(seconds=300)
"""How long others believe the key set they fetched."""
HTTP_TTL: Final = timedelta(seconds=60)
"""How long a cache on the way may keep it."""
LEAD: Final = JWKS_TTL + HTTP_TTL + timedelta(seconds=60)
"""A new key is published for so long before it signs."""
LEEWAY: Final = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair; it signs what is issued from `signs_at` on, until the next one does."""

    kid: str
    private: Ed25519PrivateKey
    signs_at: datetime

    @classmethod
    def new(cls, signs_at: datetime) -> "SigningKey":
        """Make a key pair."""
        private = Ed25519PrivateKey.generate()
        return cls(_thumbprint(_x(private)), private, signs_at)

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, as RFC 8037 writes it."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _x(self.private),
            "kid": self.kid,
            "alg": "EdDSA",
            "use": "sig",
        }


class KeyStore:
    """
    The keys of one folder, shared by every process of auth.

    All of them are in one file that is only ever replaced as a whole, under a lock. Access tokens
    are verified by others, so a key stays published for as long as those it signed live; refresh
    tokens come back here only, so it is kept for as long as they do.
    """

    def __init__(
        self, folder: Path, *, access_life: timedelta, refresh_life: timedelta, age: timedelta
    ) -> None:
        """Use *folder*; a key that has signed for *age* is replaced. Nothing is read yet."""
        self._folder = folder
        self._path = folder / "keys.json"
        self._published = access_life + LEEWAY
        self._kept = refresh_life + LEEWAY
        self._age = age
        self._stamp: tuple[int, int, int] | None = None
        self._keys: tuple[SigningKey, ...] = ()

    def open(self, now: datetime) -> None:
        """Read the keys; make the first one when there is none."""
        with self._locked():
            if not self._current():
                self._write([SigningKey.new(now)])

    def signing_at(self, moment: datetime) -> SigningKey:
        """Return the key for what is issued at *moment*; it is the same one at every later look."""
        keys = self._current()
        return next((key for key in reversed(keys) if key.signs_at <= moment), keys[0])

    def find(self, kid: str) -> SigningKey | None:
        """Return the key with the id *kid*, also one that signs no longer."""
        return next((key for key in self._current() if key.kid == kid), None)

    def jwks(self, now: datetime) -> dict[str, list[dict[str, str]]]:
        """Return the public keys that others need now: next, present and lately replaced ones."""
        keys = self._current()
        ends = _ends(keys)
        return {
            "keys": [
                key.jwk
                for key, end in zip(keys, ends, strict=True)
                if end is None or end + self._published > now
            ]
        }

    def rotate(self, now: datetime, *, force: bool = False) -> SigningKey:
        """
        Add a key that signs as soon as everybody knows it; with *force*, at once.

        A key that is waiting already is not followed by another: it is returned, or with *force*
        signs from now on.
        """
        with self._locked():
            keys = self._without_expired(now)
            if keys[-1].signs_at <= now:
                new = SigningKey.new(now if force else now + LEAD)
                keys.append(new)
            elif force:
                keys[-1] = SigningKey(keys[-1].kid, keys[-1].private, now)
            self._write(keys)
        return keys[-1]

    def start_over(self, now: datetime) -> SigningKey:
        """Forget all keys for a new one: after a leak every token that they signed must end."""
        key = SigningKey.new(now)
        with self._locked():
            self._write([key])
        return key

    def rotate_when_due(self, now: datetime) -> bool:
        """Rotate when the newest key has signed for long enough; return whether it had."""
        if now - self._current()[-1].signs_at < self._age:
            return False
        self.rotate(now)
        return True

    def _without_expired(self, now: datetime) -> list[SigningKey]:
        keys = self._current()
        ends = _ends(keys)
        return [
            key
            for key, end in zip(keys, ends, strict=True)
            if end is None or end + self._kept > now
        ]

    def _current(self) -> tuple[SigningKey, ...]:
        """Return the keys, read again when another process has replaced the file."""
        try:
            status = self._path.stat()
        except OSError:
            return self._keys  # what is in memory goes on signing when the folder is away
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        if stamp != self._stamp:
            self._keys = _read(self._path)
            self._stamp = stamp
        return self._keys

    def _write(self, keys: list[SigningKey]) -> None:
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w") as file:
            json.dump({"keys": [_to_disk(key) for key in keys]}, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        folder = os.open(self._folder, os.O_RDONLY)
        os.fsync(folder)  # the new name must survive a power loss, or all tokens end with it
        os.close(folder)
        self._current()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _ends(keys: tuple[SigningKey, ...]) -> list[datetime | None]:
    """Return when each key stopped signing: when the one after it began."""
    return [*(key.signs_at for key in keys[1:]), None]


def _read(path: Path) -> tuple[SigningKey, ...]:
    found = [_from_disk(entry) for entry in json.loads(path.read_text())["keys"]]
    return tuple(sorted(found, key=lambda key: key.signs_at))


def _to_disk(key: SigningKey) -> dict[str, Any]:
    seed = _base64(key.private.private_bytes_raw())
    return {"kid": key.kid, "d": seed, "signs_at": key.signs_at.timestamp()}


def _from_disk(entry: dict[str, Any]) -> SigningKey:
    seed = base64.urlsafe_b64decode(entry["d"] + "=")
    signs_at = datetime.fromtimestamp(entry["signs_at"], UTC)
    return SigningKey(entry["kid"], Ed25519PrivateKey.from_private_bytes(seed), signs_at)


def _x(private: Ed25519PrivateKey) -> str:
    return _base64(private.public_key().public_bytes_raw())


def _thumbprint(x: str) -> str:
    """Return the key's id as RFC 7638 makes it."""
    members = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": x}, separators=(",", ":"))
    return _base64(sha256(members.encode()).digest())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
