"""Statements about failed sign-ins and the places users sign in from."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.domain.throttle import Window
from auth.models import LoginFailure, LoginPlace
from shared.db.upsert import insert_into


async def find_windows(tx: AsyncSession, keys: Iterable[str]) -> dict[str, Window]:
    """Return the windows counted under *keys*."""
    statement = select(LoginFailure).where(LoginFailure.key.in_(list(keys)))
    return {row.key: Window(row.failures, row.ends_at) for row in await tx.scalars(statement)}


async def count_failure(
    tx: AsyncSession, keys: Iterable[str], *, now: datetime, lasts: timedelta
) -> None:
    """Add one under each of *keys*; a window that is over begins anew."""
    # In one order everywhere, or two of them could wait for each other.
    rows = [{"key": key, "failures": 1, "ends_at": now + lasts} for key in sorted(keys)]
    statement = insert_into(tx, LoginFailure).values(rows)
    is_over = LoginFailure.ends_at <= now
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


async def find_devices(tx: AsyncSession, user_id: int, address: str) -> dict[str, datetime]:
    """Return the devices with which a user has signed in from *address*, and when last."""
    statement = select(LoginPlace.device, LoginPlace.seen_at).where(
        LoginPlace.user_id == user_id, LoginPlace.address == address
    )
    return {row.device: row.seen_at for row in await tx.execute(statement)}


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
    await tx.execute(delete(LoginFailure).where(LoginFailure.ends_at < now))
    await tx.execute(delete(LoginPlace).where(LoginPlace.seen_at < unseen_since))
