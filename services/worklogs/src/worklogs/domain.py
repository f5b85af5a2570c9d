"""The rules: who was employed on which day, what a day lacks, when the next day begins."""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from shared.clock import local_day

ATTENDANCE: Final = "attendance"
SCORE: Final = "score"
HALVES: Final = (ATTENDANCE, SCORE)

EMPLOYEE: Final = "employee"
STUDENT: Final = "student"
OWNER: Final = "owner"

CATCH_UP_DAYS: Final = 400
"""A wild clock must not fill the table: no more days than these are made up for at once."""

CLOCK_LEEWAY: Final = timedelta(minutes=10)
"""How far an outside journal's clock may run ahead before its day counts as a future one."""


Day = date
"""The type, in classes that have a field called `date`."""


@dataclass(frozen=True, slots=True)
class Change:
    """One version of a user: from `changed_at` on he was, or was not, an active employee."""

    version: int
    is_employed: bool
    created_at: datetime
    changed_at: datetime


def change_of(
    *, version: int, role: str, is_active: bool, created_at: datetime, changed_at: datetime
) -> Change:
    """Reduce the state of a user to what employment needs."""
    return Change(version, is_active and role == EMPLOYEE, created_at, changed_at)


@dataclass(frozen=True, slots=True)
class Period:
    """The days somebody was employed, both ends included; `last` is None while it goes on."""

    first: date
    last: date | None

    def days(self, since: date, through: date) -> Iterator[date]:
        """Yield the days of the period that lie in *since* … *through*."""
        day = max(self.first, since)
        end = through if self.last is None else min(self.last, through)
        while day <= end:
            yield day
            day += timedelta(days=1)


def next_midnight(now: datetime, zone: str) -> datetime:
    """Return the moment when the academy's next day begins, in UTC."""
    tomorrow = local_day(now, zone) + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def employed_periods(changes: Iterable[Change], zone: str) -> list[Period]:
    """
    Derive the days of employment from the versions of a user, in whatever order they came.

    A day counts when he was employed at any moment of it. What came before the oldest version
    known is taken to be like it, since he was created.
    """
    periods: list[Period] = []
    ordered = sorted(changes, key=lambda change: change.version)
    for place, (is_employed, group) in enumerate(groupby(ordered, lambda one: one.is_employed)):
        change = next(group)
        day = local_day(change.created_at if place == 0 else change.changed_at, zone)
        if is_employed:
            periods.append(Period(day, None))
        elif periods:
            periods[-1] = Period(periods[-1].first, max(day, periods[-1].first))
    return periods


def employed_days(periods: Iterable[Period], since: date, through: date) -> set[date]:
    """Return the days of *since* … *through* that lie in any of *periods*."""
    return {day for period in periods for day in period.days(since, through)}


def is_open(opened_through: date | None, today: date) -> bool:
    """
    Tell whether *today* has its rows.

    A clock that went back finds its day opened already; that is no reason to do anything.
    """
    return opened_through is not None and opened_through >= today


def first_to_open(opened_through: date | None, today: date, *, hired: date | None) -> date:
    """
    Return the first day without rows, when *today* is not open.

    A database that has opened none yet begins when the first employee was *hired*.
    """
    first = (hired or today) if opened_through is None else opened_through + timedelta(days=1)
    return min(max(first, today - timedelta(days=CATCH_UP_DAYS)), today)


def was_employed(periods: Iterable[Period], day: date) -> bool:
    """Tell whether *day* lies in any of *periods*."""
    return any(one.first <= day and (one.last is None or day <= one.last) for one in periods)


def is_employed_now(periods: list[Period]) -> bool:
    """Tell whether the last period still goes on."""
    return bool(periods) and periods[-1].last is None


def missing_halves(*, attendance: bool, score: bool) -> list[str]:
    """Name what a day lacks to count as worked."""
    return [name for name, there in zip(HALVES, (attendance, score), strict=True) if not there]


def is_future(day: date, now: datetime, zone: str, *, leeway: timedelta = timedelta()) -> bool:
    """Tell whether *day* has not come yet in academy time."""
    return day > local_day(now + leeway, zone)


def month_bounds(month: str) -> tuple[date, date]:
    """Return the first and the last day of *month* (`2026-02`). Raises `ValueError`."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).date()
    if first.strftime("%Y-%m") != month:  # strptime takes "2026-2" too
        raise ValueError(month)
    return first, first.replace(day=monthrange(first.year, first.month)[1])


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event of an outside journal."""

    kind: str
    source: str
    external_id: int
    employee_id: int
    student_id: int
    date: Day
    recorded_at: datetime
    event_id: str


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which rows of a book are wanted; None leaves a question open."""

    student: int | None = None
    employee: int | None = None
    subject: int | None = None
    status: str | None = None
    date: Day | None = None
    date_from: Day | None = None
    date_to: Day | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which work logs are wanted; None leaves a question open."""

    employee: int | None = None
    date: Day | None = None
    date_from: Day | None = None
    date_to: Day | None = None
    status: bool | None = None
    search: str = ""
