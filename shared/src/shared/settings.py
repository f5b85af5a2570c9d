"""What every service reads from its environment (12-factor, no prefix)."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, NoReturn, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET_FILES: Final = Path("/run/secrets")
"""Where Docker puts secrets, a file each: `database_url` there is DATABASE_URL here."""
MISCONFIGURED: Final = 78
"""The exit code of what refuses its settings; EX_CONFIG of sysexits."""

LONGEST_DRAIN_SECONDS: Final = 8.0
"""With the 20 s for what is in flight it fits into the 30 s that containers are given."""
NOTICE_SECONDS: Final = 3.0
"""Until the gateway sends nothing more: it asks every second and waits 2 s for the answer."""
GATEWAY_SECONDS: Final = 3.4
"""How long the gateway waits for an answer (`responseHeaderTimeout` in its routes)."""
DRIVERS: Final = ("sqlite+aiosqlite", "postgresql+asyncpg")
SECRET_LENGTH: Final = 32
SECRET_VARIETY: Final = 8
"""So many different characters has what was not typed by hand."""


def _database(url: str) -> str:
    driver, _, rest = url.partition("://")
    if driver not in DRIVERS:  # the value itself may hold a password
        message = f"the address of a database begins with {' or '.join(DRIVERS)}"
        raise ValueError(message)
    if driver == DRIVERS[0] and rest.partition("?")[0].lstrip("/") in {"", ":memory:"}:
        message = "a database in memory loses every accepted submit with the process"
        raise ValueError(message)
    return url


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        message = f"{name!r} is no IANA time zone"
        raise ValueError(message) from None


def _addresses(value: str) -> str:
    _require_schemes(value, ("http://", "https://"))
    return value


def _brokers(value: str) -> str:
    _require_schemes(value, ("nats://", "tls://"))
    return value


def _require_schemes(value: str, schemes: tuple[str, ...]) -> None:
    # The value is not repeated: addresses carry passwords.
    if value and not all(one.strip().startswith(schemes) for one in value.split(",")):
        message = f"each address begins with {' or '.join(schemes)}"
        raise ValueError(message)


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Addresses = Annotated[str, AfterValidator(_addresses)]


class ServiceSettings(BaseSettings):
    """
    Environment variables all services share; each service adds its own in a subclass.

    What is no variable may be a file in `SECRET_FILES`. A value that would break a promise of the
    suite is refused, some of them only where `ENVIRONMENT=production`.
    """

    model_config = SettingsConfigDict(
        extra="ignore",
        frozen=True,
        secrets_dir=SECRET_FILES if SECRET_FILES.is_dir() else None,
        hide_input_in_errors=True,
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    environment: Literal["development", "production"] = "development"
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = (
        "INFO"
    )
    hpa_time_zone: Annotated[str, AfterValidator(_zone)] = "Asia/Tashkent"

    database_url: Annotated[str, AfterValidator(_database)]
    migrate_on_start: bool = True
    nats_url: Annotated[str, AfterValidator(_brokers)] = ""
    """Empty: no broker, the relay and the consumers are not started (tests, one-off commands)."""

    jwks_url: Addresses = ""
    jwks_cache: Path | None = None
    token_issuer: str = Field(default="hpa-auth", min_length=1)
    token_audience: str = Field(default="hpa", min_length=1)

    service_secret: SecretStr = Field(min_length=SECRET_LENGTH)
    # One address a replica, separated by commas.
    auth_url: Addresses = ""
    auth_secret: SecretStr = SecretStr("")
    exams_url: Addresses = ""
    exams_secret: SecretStr = SecretStr("")
    results_url: Addresses = ""
    results_secret: SecretStr = SecretStr("")

    cors_origins: Addresses = ""
    drain_seconds: float = Field(default=NOTICE_SECONDS, ge=0, le=60)
    request_seconds: float = Field(default=3.3, gt=0, le=60)
    """A request that takes longer is answered 503; the gateway waits a little longer."""

    @model_validator(mode="after")
    def _require_kept_promises(self) -> Self:
        found = [*self.faults(), *(self.dangers() if self.environment == "production" else ())]
        if found:
            raise ValueError("; ".join(found))
        return self

    def faults(self) -> Iterator[str]:
        """Say which values do not fit each other, and why."""
        for other in ("auth", "exams", "results"):
            secret: SecretStr = getattr(self, f"{other}_secret")
            if getattr(self, f"{other}_url") and len(secret.get_secret_value()) < SECRET_LENGTH:
                name = other.upper()
                yield (
                    f"{name}_URL is set, but {name}_SECRET has not the {SECRET_LENGTH} characters"
                    f" of a secret: {other} would refuse every call"
                )

    def dangers(self) -> Iterator[str]:
        """Say which values would break a promise in production, and which promise."""
        if len(set(self.service_secret.get_secret_value())) < SECRET_VARIETY:
            yield "SERVICE_SECRET can be guessed, and who knows it is taken for another service"
        if self.drain_seconds < NOTICE_SECONDS:
            yield (
                f"DRAIN_SECONDS is {self.drain_seconds:g}, but the gateway needs"
                f" {NOTICE_SECONDS:g} s to look elsewhere: a rolling restart would fail requests"
            )
        if self.drain_seconds > LONGEST_DRAIN_SECONDS:
            yield (
                f"DRAIN_SECONDS is {self.drain_seconds:g}, but over {LONGEST_DRAIN_SECONDS:g} s a"
                " container is killed before it has answered what it took on"
            )
        if self.request_seconds >= GATEWAY_SECONDS:
            yield (
                f"REQUEST_SECONDS is {self.request_seconds:g}, but the gateway gives up after"
                f" {GATEWAY_SECONDS:g} s: what it refused would be carried out nevertheless"
            )

    def needs(self) -> Iterator[str]:
        """Say what a server in production lacks; one-off commands do without."""
        if self.environment == "production" and not self.nats_url:
            yield "NATS_URL is empty: no event would ever reach another service"


Settings = TypeVar("Settings", bound=BaseSettings)


def read_settings(settings_class: Callable[[], Settings]) -> Settings:
    """Read the environment; end with a sentence on what is refused, and why."""
    try:
        return settings_class()
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        refuse(
            "; ".join(
                f"{'.'.join(map(str, one['loc'])).upper()}: {_said(one['msg'])}".lstrip(": ")
                for one in found
            )
        )


def refuse(why: str) -> NoReturn:
    """End the process before it serves: *why* is a sentence that names the setting."""
    sys.stderr.write(f"refusing to start: {why}\n")
    sys.exit(MISCONFIGURED)


def _said(message: str) -> str:
    return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
