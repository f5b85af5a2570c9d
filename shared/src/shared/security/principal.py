"""The caller a verified token stands for."""

from dataclasses import dataclass
from typing import Final

ROLES: Final = ("owner", "employee", "student")


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in user; `role` is the one that holds now, not the one at sign-in."""

    user_id: int
    role: str
    username: str = ""
