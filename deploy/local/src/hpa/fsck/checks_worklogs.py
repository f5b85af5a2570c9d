"""What must hold inside the database of worklogs: one row a day, its status as recorded."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from sqlalchemy import func, select

from hpa.fsck import tables
from hpa.fsck.reading import Check, Reader
from shared.clock import local_day


async def _one_per_day(read: Reader) -> Iterable[str]:
    logs = tables.work_logs.c
    pair = (logs.employee_id, logs.date)
    rows = await read.rows(
        "worklogs", select(*pair, func.count()).group_by(*pair).having(func.count() > 1)
    )
    return [f"employee {row[0]} has {row[2]} work logs of {row[1]}" for row in rows]


async def _status(read: Reader) -> Iterable[str]:
    worked = await _worked(read)
    logs = tables.work_logs.c
    rows = await read.rows("worklogs", select(logs.id, logs.employee_id, logs.date, logs.status))
    return [
        f"work log {row.id} says {row.status}, the recordings say {not row.status}"
        for row in rows
        if row.status != ((row.employee_id, row.date) in worked)
    ]


async def _worked(read: Reader) -> set[tuple[int, date]]:
    return await _days(read, "attendance") & await _days(read, "score")


async def _days(read: Reader, kind: str) -> set[tuple[int, date]]:
    own = tables.attendances if kind == "attendance" else tables.scores
    outside = tables.recordings.c
    statements = (
        select(own.c.employee_id, own.c.date).distinct(),
        select(outside.employee_id, outside.date).where(outside.kind == kind).distinct(),
    )
    return {(row[0], row[1]) for one in statements for row in await read.rows("worklogs", one)}


async def _everybody(read: Reader) -> Iterable[str]:
    """Look for days without a row of those who are employed now; owners who record have none."""
    opened = await read.rows("worklogs", select(tables.opened_days.c.through))
    through = opened[0].through if opened else None
    worked = await _worked(read)
    logs, users = tables.work_logs.c, tables.user_replicas.c
    rows = await read.rows("worklogs", select(logs.employee_id, logs.date))
    have = {(row.employee_id, row.date) for row in rows}
    employees = await read.rows(
        "worklogs",
        select(users.id, users.changed_at).where(users.role == "employee", users.is_active),
    )
    wanted = {
        (row.id, through)
        for row in employees
        if through is not None and local_day(row.changed_at, read.zone) <= through
    }
    employed = {row.id for row in employees}
    wanted |= {day for day in worked if day[0] in employed}
    return [f"employee {one} has no work log of {day}" for one, day in sorted(wanted - have)]


CHECKS: Final = (
    Check("worklogs: one row per employee and day", _one_per_day),
    Check("worklogs: every status is what was recorded", _status),
    Check("worklogs: every employee has a row of each day", _everybody, is_delivery=True),
)
