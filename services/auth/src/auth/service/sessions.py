"""Use cases about sessions: begin one, rotate its refresh token, end it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from auth.models import RefreshToken
from auth.repository import sessions as repository
from auth.repository.sessions import Holder, Token
from auth.repository.sign_ins import Account
from auth.tokens.issuer import Grant, RefreshClaims
from shared.db.brief import Writing

GRACE: Final = timedelta(seconds=5)
"""Two requests with one token, sent at once by one client, are one rotation."""


async def begin_session(
    tx: Writing, account: Account, *, now: datetime, lasts: timedelta
) -> Grant | None:
    """Begin a session; None when the user was closed or got another password meanwhile."""
    session_id = uuid4()
    begun = await repository.add_session(
        tx, session_id, user_id=account.id, password_hash=account.password_hash, now=now
    )
    if not begun:
        return None
    token = Token(uuid4(), now, now + lasts)
    await repository.add_token(tx, token, session_id=session_id)
    return Grant(
        account.id, account.username, account.role, session_id, token.jti, now, token.expires_at
    )


async def find_twin(
    tx: AsyncSession, claims: RefreshClaims, *, client: str, now: datetime
) -> Grant | None:
    """Return what the same client has just got for the token; most twins need no write lock."""
    holder = await repository.find_holder(tx, claims.session_id)
    spent = await repository.find_token(tx, claims.jti) if holder else None
    token = await _twin_of(tx, spent, client=client, now=now)
    return _granted(holder, claims, token)


async def rotate_token(
    tx: AsyncSession, claims: RefreshClaims, *, client: str, now: datetime, lasts: timedelta
) -> Grant | None:
    """
    Spend a refresh token for its successor.

    Return None when it may not be: its session ended, its user was closed, or it was spent
    before. A spent one that comes again ends the session, whoever sends it: one of the two is a
    thief. The caller must let *tx* commit all the same.
    """
    holder = await repository.find_holder(tx, claims.session_id)
    if holder is None:
        return None
    new = Token(uuid4(), now, now + lasts)
    if await repository.spend_token(tx, claims.jti, successor=new.jti, by=client, now=now):
        await repository.add_token(tx, new, session_id=claims.session_id)
        return _granted(holder, claims, new)
    spent = await repository.find_token(tx, claims.jti)
    twin = await _twin_of(tx, spent, client=client, now=now)
    # A token without a row is older than a restored backup; that is no theft.
    if twin is None and spent is not None:
        await repository.end_session(tx, claims.session_id, now)
    return _granted(holder, claims, twin)


async def _twin_of(
    tx: AsyncSession, spent: RefreshToken | None, *, client: str, now: datetime
) -> Token | None:
    """Return the successor of a token that *client* spent a moment ago."""
    if spent is None or spent.used_at is None or spent.successor is None:
        return None
    if spent.used_by != client or now - spent.used_at > GRACE:
        return None
    twin = await repository.find_token(tx, spent.successor)
    return Token(twin.jti, twin.issued_at, twin.expires_at) if twin else None


def _granted(holder: Holder | None, claims: RefreshClaims, token: Token | None) -> Grant | None:
    if holder is None or token is None:
        return None
    return Grant(
        holder.user_id,
        holder.username,
        holder.role,
        claims.session_id,
        token.jti,
        token.issued_at,
        token.expires_at,
    )


async def end_session(tx: AsyncSession, session_id: UUID, *, now: datetime) -> None:
    """End a session; one that has ended already stays so."""
    await repository.end_session(tx, session_id, now)


async def purge_sessions(tx: AsyncSession, *, now: datetime, limit: int) -> int:
    """Drop some of what has expired; return how many tokens went."""
    return await repository.purge_sessions(tx, now, limit=limit)
