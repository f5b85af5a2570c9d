"""The suite's own passwords and secrets: made up at first start, kept in `secrets.json` (0600)."""

import secrets
from typing import Final, Self

from pydantic import BaseModel, Field, ValidationError

from hpa.errors import Refused
from hpa.options import SERVICES
from hpa.paths import DataDir, read_json, write_json

NATS_USERS: Final = (*SERVICES, "journal", "ops")


def _made_up() -> str:
    return secrets.token_urlsafe(32)


class Secrets(BaseModel):
    """Everything that must not be guessed or lost; a backup contains it."""

    suite: str = Field(default_factory=lambda: secrets.token_hex(4))
    """Tells the databases of several suites on one PostgreSQL server apart."""
    nats: dict[str, str] = {}
    services: dict[str, str] = {}
    postgres: dict[str, str] = {}
    database_urls: dict[str, str] = {}
    """Where the databases are, as `hpa up` last had them; the other commands read it."""
    owner_password: str | None = None
    """Only until it has been shown; auth keeps nothing but its hash."""
    is_owner_told: bool = False

    @classmethod
    def load(cls, data: DataDir) -> Self:
        """Read what is there and make up what is missing. Raises `Refused` on a damaged file."""
        try:
            found = cls.model_validate(read_json(data.secrets))
        except (ValidationError, ValueError):
            message = f"{data.secrets} is damaged: restore it from a backup"
            raise Refused(message) from None
        for names, values in (
            (NATS_USERS, found.nats),
            (SERVICES, found.services),
            (SERVICES, found.postgres),
        ):
            for name in names:
                values.setdefault(name, _made_up())
        return found

    def save(self, data: DataDir) -> None:
        """Keep them, for the owner's eyes only."""
        write_json(data.secrets, self.model_dump())

    def owner_password_for(self, given: str | None) -> str | None:
        """Return the password to create the owner with; None once he has been told."""
        if self.is_owner_told:
            return None
        self.owner_password = self.owner_password or given or secrets.token_urlsafe(12)
        return self.owner_password
