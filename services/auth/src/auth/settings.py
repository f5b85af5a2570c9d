"""What auth reads from its environment."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr
from typing_extensions import override

from shared.settings import ServiceSettings

LEAST_COST: Final = 2 * 19 * 1024
"""KiB times rounds: what OWASP asks of Argon2id, and what keeps a stolen table worthless."""


class Settings(ServiceSettings):
    """The common variables, keys, the lives of tokens, the cost of passwords, the first owner."""

    keys_dir: Path
    key_rotation_days: int = Field(default=90, ge=1, le=3650)

    access_token_seconds: int = Field(default=8 * 3600, ge=60, le=7 * 24 * 3600)
    """Clients cannot refresh yet, and a 401 in the middle of an exam is a lost exam."""
    refresh_token_seconds: int = Field(default=30 * 24 * 3600, ge=60, le=366 * 24 * 3600)

    argon2_memory_kib: int = Field(default=19 * 1024, ge=8, le=1024 * 1024)
    argon2_rounds: int = Field(default=2, ge=1, le=100)
    argon2_threads: int = Field(default=0, ge=0, le=256)
    """0: as many as there are cores."""
    login_wait_seconds: float = Field(default=2.0, gt=0, le=2.5)
    """With the hashing itself it stays under what the gateway waits."""

    owner_username: str = ""
    owner_password: SecretStr = SecretStr("")

    @override
    def faults(self) -> Iterator[str]:
        yield from super().faults()
        if self.refresh_token_seconds < self.access_token_seconds:
            yield (
                "REFRESH_TOKEN_SECONDS is less than ACCESS_TOKEN_SECONDS:"
                " a session could not be kept up"
            )

    @override
    def dangers(self) -> Iterator[str]:
        yield from super().dangers()
        if self.argon2_memory_kib * self.argon2_rounds < LEAST_COST:
            yield (
                f"ARGON2_MEMORY_KIB times ARGON2_ROUNDS is under {LEAST_COST}:"
                " a stolen table of passwords could be guessed"
            )

    @property
    def access_life(self) -> timedelta:
        """How long an access token lives."""
        return timedelta(seconds=self.access_token_seconds)

    @property
    def refresh_life(self) -> timedelta:
        """How long a refresh token lives."""
        return timedelta(seconds=self.refresh_token_seconds)
