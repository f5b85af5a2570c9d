"""What `make run` and the hpa command read from the environment."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hpa.errors import Refused
from hpa.links import LINKS

SERVICES: Final = ("auth", "exams", "results", "messaging", "worklogs")
DETOUR: Final = re.compile(r"([a-z]+>[a-z]+)=([\w.-]+:\d+)", re.ASCII)


class Options(BaseSettings):
    """The variables of the suite as a whole; the README lists them."""

    model_config = SettingsConfigDict(
        env_prefix="HPA_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    port: int = Field(default=8000, ge=1, le=65535)
    data_dir: Path = Path(".hpa")
    owner_username: str = "admin"
    owner_password: SecretStr | None = None
    postgres_url: SecretStr | None = None
    time_zone: str = "Asia/Tashkent"

    workers_auth: int = Field(default=1, ge=1, le=64)
    workers_exams: int = Field(default=1, ge=1, le=64)
    workers_results: int = Field(default=1, ge=1, le=64)
    workers_messaging: int = Field(default=1, ge=1, le=64)
    workers_worklogs: int = Field(default=1, ge=1, le=64)

    environment: Literal["development", "production"] = Field(
        default="development", validation_alias="ENVIRONMENT"
    )
    detours: Annotated[Mapping[str, str], NoDecode] = {}

    telegram_bot_token: SecretStr | None = Field(
        default=None, validation_alias="TELEGRAM_BOT_TOKEN"
    )
    telegram_api_base: str = Field(
        default="https://api.telegram.org", validation_alias="TELEGRAM_API_BASE"
    )

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().resolve()

    @field_validator("telegram_api_base")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            message = "it has to begin with http:// or https://"
            raise ValueError(message)
        return value

    @field_validator("detours", mode="before")
    @classmethod
    def _links(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        found = [DETOUR.fullmatch(each.strip()) for each in value.split(",")]
        detours = {each[1]: each[2] for each in found if each}
        if len(detours) < len(found) or not detours.keys() <= LINKS:
            message = f"it has to be like exams>results=127.0.0.1:9000,…; links are {sorted(LINKS)}"
            raise ValueError(message)
        return detours

    @field_validator("postgres_url")
    @classmethod
    def _server(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            message = "it has to begin with postgresql://"
            raise ValueError(message)
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            message = f"{value!r} is no IANA time zone"
            raise ValueError(message) from None
        return value

    def workers(self, service: str) -> int:
        """Return how many processes of *service* run."""
        count: int = getattr(self, f"workers_{service}")
        return count


def read_options() -> Options:
    """Read the environment. Raises `Refused` naming the variable that makes no sense."""
    try:
        return Options()
    except ValidationError as error:
        faults = (
            f"{_variable(str(fault['loc'][0]))}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise Refused("; ".join(faults)) from None


def _variable(field: str) -> str:
    return field if field.isupper() else f"HPA_{field.upper()}"
