"""Rules about users: their names, their roles and the owner who must remain."""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final, Literal

from auth.errors import LastOwner

Role = Literal["owner", "employee", "student"]

OWNER: Final = "owner"
STUDENT: Final = "student"
IMPORT_LIMIT: Final = 500
"""Rows of one file: every one of them costs a hash."""

NAME_LENGTH: Final = 150
NAME: Final = re.compile(r"[\w.@+\-'’]+")  # noqa: RUF001 - Uzbek names carry either apostrophe
BAD_NAME: Final = (
    "Enter a valid username. This value may contain only letters, numbers, "
    "and @/./+/-/_/' characters."
)
LONG_NAME: Final = f"Ensure this field has no more than {NAME_LENGTH} characters."


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Which users are wanted, and in which order; fields with `-` in front descend."""

    role: str | None = None
    is_active: bool | None = None
    only_role: str | None = None
    """All that the viewer may know of."""
    search: str = ""
    ordering: tuple[str, ...] = ()
    limit: int | None = None
    offset: int = 0


def key_of(username: str) -> str:
    """Return the form in which two spellings of one name are equal, whatever their case."""
    folded = unicodedata.normalize("NFKC", username).casefold()
    return unicodedata.normalize("NFKC", folded)


def flaw_of(username: str) -> str | None:
    """Return what is wrong with *username*, in Django's words."""
    if NAME.fullmatch(username) is None:
        return BAD_NAME
    # Some characters grow eighteenfold when folded, past what the index can hold.
    return LONG_NAME if len(key_of(username)) > NAME_LENGTH else None


def search_text_of(username: str, full_name: str) -> str:
    """Return what a search looks through; SQLite by itself would fold ASCII only."""
    return f"{username} {full_name}".casefold()


def is_in_charge(*, role: str, is_active: bool) -> bool:
    """Say whether this is an owner who can act."""
    return role == OWNER and is_active


def require_owner_left(*, was_in_charge: bool, stays_in_charge: bool, others: int) -> None:
    """Keep the last active owner. Raises `LastOwner`."""
    if was_in_charge and not stays_in_charge and others == 0:
        raise LastOwner


def sees(viewer_role: str, role: str) -> bool:
    """Say whether *viewer_role* may know of *role*: owners of all, others of students."""
    return viewer_role == OWNER or role == STUDENT


def query_of(viewer_role: str, query: UserQuery) -> UserQuery:
    """Return *query* within what *viewer_role* may know."""
    return query if viewer_role == OWNER else replace(query, only_role=STUDENT)
