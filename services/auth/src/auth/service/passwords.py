"""Use cases about passwords: one's own, and one set by the owner from the command line."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from auth.domain.passwords import MAX_LENGTH, weaknesses_of
from auth.repository import sessions, users
from shared.errors import Invalid


def require_strong(password: str, *, username: str, field: str = "password") -> None:
    """Refuse a weak password under the name of its *field*. Raises `Invalid`."""
    if len(password) > MAX_LENGTH:
        raise Invalid.field(field, f"Ensure this field has no more than {MAX_LENGTH} characters.")
    found = weaknesses_of(password, username=username)
    if found:
        raise Invalid.field(field, *found)


async def replace_password(
    tx: AsyncSession, user_id: int, *, old: str, new: str, session_id: UUID | None, now: datetime
) -> bool:
    """
    Replace the hash *old* by *new* and end the user's other sessions.

    Return False when somebody else has replaced it meanwhile.
    """
    if not await users.replace_password(tx, user_id, old=old, new=new):
        return False
    await sessions.end_sessions(tx, user_id, now, but=session_id)
    return True
