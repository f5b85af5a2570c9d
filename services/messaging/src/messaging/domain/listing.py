"""Which messages a list shows."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of a list; what is None does not narrow it."""

    student: int | None = None
    sent_by: int | None = None
    status: str | None = None
    """Messages with a log in this state, as clients see states."""
    since: datetime | None = None
    before: datetime | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the list, in which order; newest first unless told otherwise."""

    limit: int | None = None
    offset: int = 0
    ordering: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a message came."""

    total: int
    pending: int
    sent: int
    failed: int
