"""Statements about sessions and their refresh tokens."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import RefreshToken, Session, User
from shared.db.brief import Writing
from shared.db.bulk import insert_rows, table_of
from shared.db.types import UtcDateTime

_SESSIONS: Final = table_of(Session)
# The lock lets no new password slip in between, whose end of all sessions would miss this one.
_USER_AS_CHECKED: Final = (
    select(bindparam("session_id", type_=Uuid), User.id, bindparam("now", type_=UtcDateTime))
    .where(User.id == bindparam("user"), User.is_active, User.password_hash == bindparam("hash"))
    .with_for_update(read=True)
)
_BEGIN: Final = (
    insert(_SESSIONS)
    .from_select(["id", "user_id", "started_at"], _USER_AS_CHECKED)
    .returning(_SESSIONS.c.id)
)


@dataclass(frozen=True, slots=True)
class Holder:
    """The user of a session, as he is now."""

    user_id: int
    username: str
    role: str


@dataclass(frozen=True, slots=True)
class Token:
    """A refresh token: its id and its life."""

    jti: UUID
    issued_at: datetime
    expires_at: datetime


async def add_session(
    tx: Writing, session_id: UUID, *, user_id: int, password_hash: str, now: datetime
) -> bool:
    """Begin a session, unless the user was closed or got another password; return whether."""
    values = {"session_id": session_id, "user": user_id, "hash": password_hash, "now": now}
    return (await tx.execute(_BEGIN, values)).first() is not None


async def add_token(tx: Writing, token: Token, *, session_id: UUID) -> None:
    """Add a refresh token to a session."""
    row = {
        "jti": token.jti,
        "session_id": session_id,
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
    }
    await insert_rows(tx, RefreshToken, [row])


async def find_holder(tx: AsyncSession, session_id: UUID) -> Holder | None:
    """Return whose session it is; None when it has ended or its user was closed."""
    statement = (
        select(User.id, User.username, User.role)
        .join(Session, Session.user_id == User.id)
        .where(Session.id == session_id, Session.ended_at.is_(None), User.is_active)
    )
    row = (await tx.execute(statement)).one_or_none()
    return Holder(*row) if row else None


async def spend_token(
    tx: AsyncSession, jti: UUID, *, successor: UUID, by: str, now: datetime
) -> bool:
    """Spend an unspent token; of any number that try at once, one succeeds."""
    statement = (
        update(RefreshToken)
        .where(RefreshToken.jti == jti, RefreshToken.used_at.is_(None))
        .values(used_at=now, used_by=by, successor=successor)
        .returning(RefreshToken.jti)
        .execution_options(synchronize_session=False)
    )
    return await tx.scalar(statement) is not None


async def find_token(tx: AsyncSession, jti: UUID) -> RefreshToken | None:
    """Return the token's row as it is now, or None."""
    return await tx.get(RefreshToken, jti, populate_existing=True)


async def end_session(tx: AsyncSession, session_id: UUID, now: datetime) -> None:
    """End a session and with it every refresh token it has or gets."""
    await tx.execute(
        update(Session)
        .where(Session.id == session_id, Session.ended_at.is_(None))
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


async def end_sessions(
    tx: AsyncSession, user_id: int, now: datetime, *, but: UUID | None = None
) -> None:
    """End all sessions of a user, but one."""
    statement = update(Session).where(Session.user_id == user_id, Session.ended_at.is_(None))
    if but is not None:
        statement = statement.where(Session.id != but)
    await tx.execute(statement.values(ended_at=now).execution_options(synchronize_session=False))


async def purge_sessions(tx: AsyncSession, now: datetime, *, limit: int) -> int:
    """Drop some expired tokens, and sessions that have none left; return how many tokens went."""
    expired = select(RefreshToken.jti).where(RefreshToken.expires_at < now).limit(limit)
    gone = await tx.execute(
        delete(RefreshToken)
        .where(RefreshToken.jti.in_(expired))
        .returning(RefreshToken.session_id)
        .execution_options(synchronize_session=False)
    )
    sessions = [row.session_id for row in gone]
    alive = select(RefreshToken.jti).where(RefreshToken.session_id == Session.id).exists()
    await tx.execute(
        delete(Session)
        .where(Session.id.in_(set(sessions)), ~alive)
        .execution_options(synchronize_session=False)
    )
    return len(sessions)
