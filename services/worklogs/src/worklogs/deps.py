"""What the routes of this service ask for."""

from dataclasses import dataclass
from datetime import date as day
from typing import Annotated, Final

from fastapi import Depends, Query
from pydantic import BeforeValidator

from shared.errors import Invalid
from shared.http.deps import App, Caller, Now, path_id, require_role
from shared.http.fields import Day, Id
from shared.security.principal import Principal
from worklogs import domain
from worklogs.errors import AttendanceNotFound, ScoreNotFound, WorkLogNotFound
from worklogs.schemas import AttendanceStatus
from worklogs.service.records import Desk

StaffCaller = Annotated[Principal, Depends(require_role("employee", "owner"))]

AttendanceId = Annotated[int, path_id("attendance_id", AttendanceNotFound)]
ScoreId = Annotated[int, path_id("score_id", ScoreNotFound)]
WorkLogId = Annotated[int, path_id("work_log_id", WorkLogNotFound)]

MONTH: Final = {"month": ["Enter a month as YYYY-MM."]}


def _open(value: object) -> object:
    return None if value == "" else value


Open = BeforeValidator(_open)
"""A filter that came empty asks nothing, as in DRF."""

IdFilter = Annotated[Id | None, Open, Query()]
DayFilter = Annotated[Day | None, Open, Query()]


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters that all three lists have."""

    employee: IdFilter = None
    date: DayFilter = None
    date_from: DayFilter = None
    date_to: DayFilter = None


AnyFilters = Annotated[Filters, Depends()]
StatusFilter = Annotated[AttendanceStatus | None, Open, Query()]
WorkedFilter = Annotated[bool | None, Open, Query()]
Month = Annotated[str | None, Query(description="YYYY-MM; the present month when absent.")]


async def _desk(caller: Caller, now: Now, app: App) -> Desk:
    return Desk(caller, now, app.settings.hpa_time_zone)


AtDesk = Annotated[Desk, Depends(_desk)]
"""Who writes, when and in which zone; the day is decided here, once per request."""


def month_of(text: str | None, today: day) -> tuple[day, day]:
    """Return the first and last day of the month asked for. Raises `Invalid`."""
    try:
        return domain.month_bounds(text or today.strftime("%Y-%m"))
    except ValueError:
        raise Invalid(dict(MONTH)) from None
