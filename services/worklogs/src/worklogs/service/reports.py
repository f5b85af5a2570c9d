"""What staff read: work logs, the month, the dashboard."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import local_day
from shared.db.engine import View
from worklogs import domain
from worklogs.domain import LogFilter
from worklogs.errors import WorkLogNotFound
from worklogs.repository import logs

LOG_FIELDS: Final = tuple(logs.SHOWN)


async def list_logs(
    view: AsyncSession,
    wanted: LogFilter,
    *,
    ordering: tuple[str, ...],
    limit: int | None,
    offset: int,
) -> tuple[AsyncIterator[Sequence[Any]], int | None]:
    """Return work logs in pieces, as tuples in the order of `LOG_FIELDS`, and how many."""
    return await logs.list_logs(view, wanted, ordering=ordering, limit=limit, offset=offset)


async def get_log(view: AsyncSession, log_id: int) -> dict[str, Any]:
    """Return one work log. Raises `WorkLogNotFound`."""
    found = await logs.find_log(view, log_id)
    if found is None:
        raise WorkLogNotFound
    return found


async def summarize_month(
    view: AsyncSession, month: tuple[date, date], *, today: date, employee_id: int | None
) -> list[dict[str, Any]]:
    """Return per employee the days worked and, for each other day so far, what it lacks."""
    first, last = month
    found = await logs.list_month(view, first, min(last, today), employee_id=employee_id)
    summary = []
    for employee, group in groupby(found, lambda one: one.employee):
        logged = list(group)
        missed = [
            {
                "date": one.date,
                "missing": domain.missing_halves(attendance=one.attendance, score=one.score),
            }
            for one in logged
            if not one.status
        ]
        summary.append(
            {
                "employee": employee,
                "full_name": logged[0].full_name,
                "worked_days": len(logged) - len(missed),
                "missed": missed,
            }
        )
    return summary


async def show_dashboard(view: View, *, now: datetime, zone: str) -> dict[str, Any]:
    """Return the academy's day in numbers, all of them from this service's own tables."""
    day = asdict(await logs.get_today(view, local_day(now, zone)))
    average = day["average_score"]
    return {
        "attendance": {
            "employees_present_today": day["employees_present"],
            "total_employees": day["employees"],
        },
        "students": {
            "total_students": day["students"],
            "marked_today": day["students_marked"],
            "present_today": day["students_present"],
        },
        "scores": {
            "given_today": day["scores"],
            "average_today": None if average is None else round(float(average), 2),
        },
    }
