"""Which passwords are too weak."""

from difflib import SequenceMatcher
from typing import Final

from auth.domain.common_passwords import COMMON

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 128
TOO_SIMILAR: Final = 0.8


def weaknesses_of(password: str, *, username: str) -> list[str]:
    """Return what is weak about *password*, in Django's words; nothing when it may be used."""
    folded = password.casefold()
    found = []
    if len(password) < MIN_LENGTH:
        found.append(
            f"This password is too short. It must contain at least {MIN_LENGTH} characters."
        )
    if folded in COMMON or len(set(folded)) == 1:
        found.append("This password is too common.")
    if password.isdigit():
        found.append("This password is entirely numeric.")
    if is_like(folded, username.casefold()):
        found.append("The password is too similar to the username.")
    return found


def is_like(password: str, username: str) -> bool:
    """Say whether one is little more than the other, forwards or backwards."""
    return any(
        SequenceMatcher(a=password, b=other, autojunk=False).ratio() >= TOO_SIMILAR
        for other in (username, username[::-1])
    )
