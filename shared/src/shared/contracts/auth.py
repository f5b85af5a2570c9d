"""Events of the auth service."""

from datetime import datetime
from typing import ClassVar, Literal

from typing_extensions import override

from shared.contracts.base import Event, EventId, Version


class UserChangedV1(Event):
    """A user was created, edited, deactivated or linked; carries the whole public state."""

    subject: ClassVar[str] = "hpa.user.changed.v1"
    producer: ClassVar[str] = "auth"
    consumers: ClassVar[tuple[str, ...]] = ("exams", "results", "messaging", "worklogs")

    user_id: EventId
    version: Version
    username: str
    role: Literal["owner", "employee", "student"]
    full_name: str
    telegram_id: int | None
    is_active: bool
    created_at: datetime
    changed_at: datetime

    @property
    @override
    def entity(self) -> str:
        return f"user:{self.user_id}"
