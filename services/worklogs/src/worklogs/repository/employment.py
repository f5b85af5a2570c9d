"""Who was employed when, and how far the days have been opened."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Final

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.upsert import insert_into
from shared.users.tables import UserReplica
from worklogs.domain import Change
from worklogs.models import EmploymentChange, OpenedDays

ONLY: Final = 1
"""The id of the one row of `opened_days`."""


async def add_change(tx: AsyncSession, user_id: int, change: Change) -> bool:
    """Keep one version of a user; tell whether it was new."""
    row = {
        "user_id": user_id,
        "version": change.version,
        "is_employed": change.is_employed,
        "created_at": change.created_at,
        "changed_at": change.changed_at,
    }
    insert = insert_into(tx, EmploymentChange).values(row).on_conflict_do_nothing()
    return (await tx.execute(insert.returning(EmploymentChange.version))).first() is not None


async def list_changes(tx: AsyncSession, user_id: int) -> list[Change]:
    """Return every version of *user_id* that is known."""
    found = await list_all_changes(tx, [user_id])
    return found.get(user_id, [])


async def list_all_changes(
    tx: AsyncSession, user_ids: Iterable[int] | None = None
) -> dict[int, list[Change]]:
    """Return the versions of *user_ids*, or of everybody who was an employee at any time."""
    if user_ids is None:
        ever = select(EmploymentChange.user_id).where(EmploymentChange.is_employed.is_(True))
        mine = EmploymentChange.user_id.in_(ever)
    else:
        mine = EmploymentChange.user_id.in_(user_ids)
    columns = (
        EmploymentChange.user_id,
        EmploymentChange.version,
        EmploymentChange.is_employed,
        EmploymentChange.created_at,
        EmploymentChange.changed_at,
    )
    found: dict[int, list[Change]] = defaultdict(list)
    for row in await tx.execute(select(*columns).where(mine)):
        found[row.user_id].append(Change(*row[1:]))
    return dict(found)


async def list_unheard(tx: AsyncSession, limit: int) -> list[UserReplica]:
    """Return users whose present version came otherwise than by an event."""
    known = and_(
        EmploymentChange.user_id == UserReplica.id, EmploymentChange.version == UserReplica.version
    )
    statement = select(UserReplica).outerjoin(EmploymentChange, known)
    statement = statement.where(EmploymentChange.user_id.is_(None)).order_by(UserReplica.id)
    return list(await tx.scalars(statement.limit(limit)))


async def find_opened_through(tx: AsyncSession) -> date | None:
    """Return the last day whose rows were made, or None."""
    through: date | None = await tx.scalar(select(OpenedDays.through).where(OpenedDays.id == ONLY))
    return through


async def lock_opened_through(tx: AsyncSession) -> date | None:
    """Return the last day whose rows were made; who opens days or hires waits for each other."""
    statement = select(OpenedDays.through).where(OpenedDays.id == ONLY).with_for_update()
    found = (await tx.execute(statement)).first()
    if found is None:
        row = {"id": ONLY, "through": None}
        await tx.execute(insert_into(tx, OpenedDays).values(row).on_conflict_do_nothing())
        found = (await tx.execute(statement)).one()
    through: date | None = found.through
    return through


async def set_opened_through(tx: AsyncSession, day: date) -> None:
    """Remember that the rows of every day up to *day* were made."""
    await tx.execute(update(OpenedDays).where(OpenedDays.id == ONLY).values(through=day))
