"""What auth reads from its environment."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """The common variables, keys, the lives of tokens, the cost of passwords, the first owner."""

    keys_dir: Path
    key_rotation_days: int = Field(default=90, ge=1)

    access_token_seconds: int = Field(default=8 * 3600, ge=60)
    """Clients cannot refresh yet, and a 401 in the middle of an exam is a lost exam."""
    refresh_token_seconds: int = Field(default=30 * 24 * 3600, ge=60)

    argon2_memory_kib: int = Field(default=19 * 1024, ge=8)
    argon2_rounds: int = Field(default=2, ge=1)
    argon2_threads: int = Field(default=0, ge=0)
    """0: as many as there are cores."""
    login_wait_seconds: float = Field(default=2.0, gt=0)

    owner_username: str = ""
    owner_password: SecretStr = SecretStr("")

    @property
    def access_life(self) -> timedelta:
        """How long an access token lives."""
        return timedelta(seconds=self.access_token_seconds)

    @property
    def refresh_life(self) -> timedelta:
        """How long a refresh token lives."""
        return timedelta(seconds=self.refresh_token_seconds)
