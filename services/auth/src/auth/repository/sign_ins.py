"""Statements about failed sign-ins and the places users sign in from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.domain.throttle import LONGEST, Window
from auth.models import LoginFailure, LoginPlace, User
from shared.db.upsert import insert_into


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs to know of a user."""

    id: int
    username: str
    role: str
    full_name: str
    is_active: bool
    password_hash: str


def named(username_key: str) -> ColumnElement[bool]:
    """Describe the user with that name."""
    return User.username_key == username_key


def numbered(user_id: int) -> ColumnElement[bool]:
    """Describe the user with that id."""
    return User.id == user_id


async def find_windows(tx: AsyncSession, keys: Iterable[str]) -> dict[str, Window]:
    """Return the windows counted under *keys*."""
    statement = select(LoginFailure.key, LoginFailure.failures, LoginFailure.ends_at).where(
        LoginFailure.key.in_(list(keys))
    )
    return {row.key: Window(row.failures, row.ends_at) for row in await tx.execute(statement)}


async def count_failure(
    tx: AsyncSession, keys: Iterable[str], *, now: datetime, lasts: timedelta
) -> None:
    """Add one under each of *keys*; a window that is over begins anew."""
    # In one order everywhere, or two of them could wait for each other.
    rows = [{"key": key, "failures": 1, "ends_at": now + lasts} for key in sorted(keys)]
    statement = insert_into(tx, LoginFailure).values(rows)
    is_over = (LoginFailure.ends_at <= now) | (LoginFailure.ends_at > now + LONGEST)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "failures": case((is_over, 1), else_=LoginFailure.failures + 1),
                "ends_at": case((is_over, statement.excluded.ends_at), else_=LoginFailure.ends_at),
            },
        )
    )


async def forget_failures(tx: AsyncSession, keys: Iterable[str]) -> None:
    """Drop what was counted under *keys*."""
    await tx.execute(delete(LoginFailure).where(LoginFailure.key.in_(list(keys))))


async def find_account(
    tx: AsyncSession, who: ColumnElement[bool], address: str
) -> tuple[Account | None, dict[str, datetime]]:
    """
    Return the account that *who* describes, and its devices at *address* with their last sign-in.

    One statement for both: a name that does not exist takes no less time.
    """
    here = (LoginPlace.user_id == User.id) & (LoginPlace.address == address)
    columns = (User.id, User.username, User.role, User.full_name, User.is_active)
    statement = (
        select(*columns, User.password_hash, LoginPlace.device, LoginPlace.seen_at)
        .join(LoginPlace, here, isouter=True)
        .where(who)
    )
    rows = (await tx.execute(statement)).all()
    if not rows:
        return None, {}
    devices = {row.device: row.seen_at for row in rows if row.device is not None}
    return Account(*rows[0][:6]), devices


async def keep_place(
    tx: AsyncSession, user_id: int, *, address: str, device: str, now: datetime
) -> None:
    """Remember that a user signs in from there."""
    statement = insert_into(tx, LoginPlace).values(
        user_id=user_id, address=address, device=device, seen_at=now
    )
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", "address", "device"],
            set_={"seen_at": statement.excluded.seen_at},
        )
    )


async def forget_oldest_places(tx: AsyncSession, user_id: int, *, keep: int) -> None:
    """Keep only the newest places of a user."""
    newest = (
        select(LoginPlace.seen_at)
        .where(LoginPlace.user_id == user_id)
        .order_by(LoginPlace.seen_at.desc())
        .offset(keep - 1)
        .limit(1)
        .scalar_subquery()
    )
    await tx.execute(
        delete(LoginPlace)
        .where(LoginPlace.user_id == user_id, LoginPlace.seen_at < newest)
        .execution_options(synchronize_session=False)
    )


async def purge_sign_ins(tx: AsyncSession, now: datetime, *, unseen_since: datetime) -> None:
    """Drop windows that are over and places nobody came from for long."""
    is_over = (LoginFailure.ends_at < now) | (LoginFailure.ends_at > now + LONGEST)
    await tx.execute(delete(LoginFailure).where(is_over))
    await tx.execute(delete(LoginPlace).where(LoginPlace.seen_at < unseen_since))
