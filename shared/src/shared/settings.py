"""What every service reads from its environment (12-factor, no prefix)."""

from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET_FILES: Final = Path("/run/secrets")
"""Where Docker puts secrets, a file each: `database_url` there is DATABASE_URL here."""


class ServiceSettings(BaseSettings):
    """
    Environment variables all services share; each service adds its own in a subclass.

    What is no variable may be a file in `SECRET_FILES`.
    """

    model_config = SettingsConfigDict(
        extra="ignore",
        frozen=True,
        secrets_dir=SECRET_FILES if SECRET_FILES.is_dir() else None,
    )

    host: str = "127.0.0.1"
    port: int = 8000
    environment: Literal["development", "production"] = "development"
    log_level: str = "INFO"
    hpa_time_zone: str = "Asia/Tashkent"

    database_url: str
    migrate_on_start: bool = True
    nats_url: str = ""
    """Empty: no broker, the relay and the consumers are not started (tests, one-off commands)."""

    jwks_url: str = ""
    jwks_cache: Path | None = None
    token_issuer: str = "hpa-auth"  # noqa: S105 - a name
    token_audience: str = "hpa"  # noqa: S105 - a name

    service_secret: SecretStr = Field(min_length=32)
    # One address a replica, separated by commas.
    auth_url: str = ""
    auth_secret: SecretStr = SecretStr("")
    exams_url: str = ""
    exams_secret: SecretStr = SecretStr("")
    results_url: str = ""
    results_secret: SecretStr = SecretStr("")

    cors_origins: str = ""
    drain_seconds: float = 3.0
    request_seconds: float = 3.3
    """A request that takes longer is answered 503; the gateway waits a little longer."""
