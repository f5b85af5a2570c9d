"""What an outside journal recorded: one row per recording, the newest event of it holds."""

from dataclasses import asdict
from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.upsert import insert_into
from worklogs.domain import Recorded
from worklogs.models import Recording


async def keep_recording(tx: AsyncSession, told: Recorded) -> set[tuple[int, date]]:
    """
    Keep *told* unless something newer is known of the same recording; return whose days it touches.

    Two events of the same instant: the greater id holds, so that their order does not matter.
    """
    row = asdict(told)
    insert = insert_into(tx, Recording).values(row).on_conflict_do_nothing()
    days = {(told.employee_id, told.date)}
    if (await tx.execute(insert.returning(Recording.external_id))).first() is not None:
        return days
    held = await tx.get_one(
        Recording, (told.kind, told.source, told.external_id), with_for_update=True
    )
    days.add((held.employee_id, held.date))
    if (held.recorded_at, held.event_id) < (told.recorded_at, told.event_id):
        for name, value in row.items():
            setattr(held, name, value)
        await tx.flush()
    return days
