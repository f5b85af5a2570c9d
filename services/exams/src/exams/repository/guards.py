"""Wrong codes, by user: kept in the database, so that they count over all processes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exams.repository.tables import GUARDS
from shared.db.upsert import insert_into

_BY_USER: Final = select(GUARDS.c.misses).where(GUARDS.c.user_id == bindparam("user_id"))


async def list_misses(tx: AsyncSession, user_id: int) -> list[datetime]:
    """Return when the user missed lately."""
    return _moments((await tx.execute(_BY_USER, {"user_id": user_id})).first())


async def list_misses_for_update(tx: AsyncSession, user_id: int, now: datetime) -> list[datetime]:
    """Return when the user missed lately; whoever counts another miss of his waits for *tx*."""
    row = {"user_id": user_id, "misses": [], "last_missed_at": now}
    await tx.execute(insert_into(tx, GUARDS).values(row).on_conflict_do_nothing())
    return _moments((await tx.execute(_BY_USER.with_for_update(), {"user_id": user_id})).first())


async def save_misses(tx: AsyncSession, user_id: int, misses: Iterable[datetime]) -> None:
    """Keep *misses* of the user, of which the last is now."""
    moments = list(misses)
    values = {"misses": [moment.timestamp() for moment in moments], "last_missed_at": moments[-1]}
    await tx.execute(update(GUARDS).where(GUARDS.c.user_id == user_id).values(values))


async def forget_misses(tx: AsyncSession, before: datetime) -> None:
    """Drop the rows of users whose last miss no longer counts."""
    await tx.execute(delete(GUARDS).where(GUARDS.c.last_missed_at < before))


def _moments(row: Row[tuple[list[float]]] | None) -> list[datetime]:
    return [datetime.fromtimestamp(seconds, UTC) for seconds in row.misses] if row else []
