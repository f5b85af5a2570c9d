"""Work logs: made once per employee and day, their status computed from what is stored."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date as day
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.engine import View
from shared.db.glance import AnySelect
from shared.db.upsert import insert_into
from shared.users.tables import UserReplica
from worklogs.domain import ATTENDANCE, EMPLOYEE, SCORE, STUDENT, LogFilter
from worklogs.models import Attendance, Recording, Score, WorkLog

EmployeeDay = tuple[int, day]
Pieces = AsyncIterator[Sequence[Row[Any]]]
"""Rows as they come from the database; who has them all at once has years of them."""

PIECE: Final = 500

MADE_AT_ONCE: Final = 200
"""Rows per statement; SQLite bounds the number of parameters."""

SHOWN: Final = {
    "id": WorkLog.id,
    "employee": WorkLog.employee_id,
    "date": WorkLog.date,
    "status": WorkLog.status,
    "note": WorkLog.note,
    "created_at": WorkLog.created_at,
}


def _there_is(kind: str) -> ColumnElement[bool]:
    """Say that a half of the work log's day is recorded, here or in an outside journal."""
    own = Attendance if kind == ATTENDANCE else Score
    here = exists().where(own.employee_id == WorkLog.employee_id, own.date == WorkLog.date)
    outside = exists().where(
        Recording.employee_id == WorkLog.employee_id,
        Recording.date == WorkLog.date,
        Recording.kind == kind,
    )
    return or_(here, outside)


HAS_ATTENDANCE: Final = _there_is(ATTENDANCE)
HAS_SCORE: Final = _there_is(SCORE)
WORKED: Final = and_(HAS_ATTENDANCE, HAS_SCORE)


async def make_logs(tx: AsyncSession, days: Iterable[EmployeeDay], now: datetime) -> int:
    """Make the rows of *days* that are not there yet, as false; return how many were made."""
    made = 0
    ordered = sorted(days)  # one order everywhere, so that two writers cannot block each other
    for start in range(0, len(ordered), MADE_AT_ONCE):
        rows = [
            {"employee_id": employee, "date": one, "status": False, "created_at": now}
            for employee, one in ordered[start : start + MADE_AT_ONCE]
        ]
        insert = insert_into(tx, WorkLog).values(rows).on_conflict_do_nothing()
        made += len((await tx.scalars(insert.returning(WorkLog.id))).all())
    return made


async def recompute_logs(tx: AsyncSession, days: Iterable[EmployeeDay]) -> None:
    """
    Set the status of the rows of *days* to what is stored at this moment.

    The rows are locked by a statement of their own: in PostgreSQL the update then sees what the
    one who held the lock before has committed; in one statement it would overlook it.
    """
    ordered = sorted(days)
    for start in range(0, len(ordered), MADE_AT_ONCE):
        mine = _any_of(ordered[start : start + MADE_AT_ONCE])
        lock = select(WorkLog.id).where(mine).order_by(WorkLog.employee_id, WorkLog.date)
        await tx.execute(lock.with_for_update())
        statement = update(WorkLog).where(mine, WorkLog.status != WORKED).values(status=WORKED)
        await tx.execute(statement.execution_options(synchronize_session=False))


def _any_of(days: Iterable[EmployeeDay]) -> ColumnElement[bool]:
    """Select *days* in the way that lets SQLite use the index: it has none for pairs."""
    employees: dict[day, list[int]] = {}
    for employee, one in days:
        employees.setdefault(one, []).append(employee)
    return or_(
        *(
            and_(WorkLog.date == one, WorkLog.employee_id.in_(those))
            for one, those in employees.items()
        )
    )


async def list_recorded_days(tx: AsyncSession, employee_id: int) -> set[day]:
    """Return the days of which there is anything by *employee_id*."""
    parts = [
        select(table.date).where(table.employee_id == employee_id)
        for table in (Attendance, Score, Recording)
    ]
    return set(await tx.scalars(union(*parts)))


async def list_logged_days(tx: AsyncSession, employee_id: int) -> set[day]:
    """Return the days for which *employee_id* has a row."""
    return set(await tx.scalars(select(WorkLog.date).where(WorkLog.employee_id == employee_id)))


async def delete_logs(tx: AsyncSession, employee_id: int, days: Iterable[day]) -> None:
    """Delete rows that should never have been; one with anything recorded stays all the same."""
    ordered = sorted(days)
    for start in range(0, len(ordered), MADE_AT_ONCE):
        part = ordered[start : start + MADE_AT_ONCE]
        mine = (WorkLog.employee_id == employee_id) & WorkLog.date.in_(part)
        statement = delete(WorkLog).where(mine, ~WorkLog.status, ~HAS_ATTENDANCE, ~HAS_SCORE)
        await tx.execute(statement.execution_options(synchronize_session=False))


async def find_log(tx: AsyncSession, log_id: int) -> dict[str, Any] | None:
    """Return a work log, or None."""
    statement = select(*_columns()).where(WorkLog.id == log_id)
    row = (await tx.execute(statement)).mappings().first()
    return dict(row) if row else None


async def list_logs(
    tx: AsyncSession,
    wanted: LogFilter,
    *,
    ordering: tuple[str, ...] = (),
    limit: int | None = None,
    offset: int = 0,
) -> tuple[Pieces, int | None]:
    """Return the logs wanted, newest day first by default, and how many, given a limit."""
    conditions = list(_conditions(wanted))
    statement = select(*_columns()).where(*conditions).order_by(*_order(ordering))
    total = None
    if limit is not None:
        count = select(func.count()).select_from(WorkLog).where(*conditions)
        total = int(await tx.scalar(count) or 0)
    part = statement.limit(limit).offset(offset or None)
    return (await tx.stream(part)).partitions(PIECE), total


def _columns() -> list[Any]:
    return [column.label(name) for name, column in SHOWN.items()]


def _order(ordering: tuple[str, ...]) -> Iterable[ColumnElement[Any]]:
    for name in ordering or ("-date",):
        column = SHOWN[name.removeprefix("-")]
        yield column.desc() if name.startswith("-") else column.asc()
    yield WorkLog.id.desc()


def _conditions(wanted: LogFilter) -> Iterable[ColumnElement[bool]]:
    if wanted.employee is not None:
        yield WorkLog.employee_id == wanted.employee
    if wanted.date is not None:
        yield WorkLog.date == wanted.date
    if wanted.date_from is not None:
        yield WorkLog.date >= wanted.date_from
    if wanted.date_to is not None:
        yield WorkLog.date <= wanted.date_to
    if wanted.status is not None:
        yield WorkLog.status.is_(wanted.status)
    if wanted.search:
        named = UserReplica.full_name.icontains(wanted.search, autoescape=True)
        yield WorkLog.employee_id.in_(select(UserReplica.id).where(named))


@dataclass(frozen=True, slots=True)
class LoggedDay:
    """One employee's day, and which halves of it are recorded."""

    employee: int
    full_name: str
    date: day
    status: bool
    attendance: bool
    score: bool


async def list_month(
    tx: AsyncSession, first: day, last: day, *, employee_id: int | None = None
) -> list[LoggedDay]:
    """Return every logged day of *first* … *last*, by employee and day."""
    halves = [
        case((WorkLog.status, literal(value=True)), else_=half).label(name)
        for name, half in ((ATTENDANCE, HAS_ATTENDANCE), (SCORE, HAS_SCORE))
    ]
    name = func.coalesce(UserReplica.full_name, "")
    statement = (
        select(WorkLog.employee_id, name, WorkLog.date, WorkLog.status, *halves)
        .outerjoin(UserReplica, UserReplica.id == WorkLog.employee_id)
        .where(WorkLog.date.between(first, last))
        .order_by(WorkLog.employee_id, WorkLog.date)
    )
    if employee_id is not None:
        statement = statement.where(WorkLog.employee_id == employee_id)
    return [LoggedDay(*row) for row in await tx.execute(statement)]


@dataclass(frozen=True, slots=True)
class Today:
    """What the dashboard shows of one day."""

    employees_present: int
    employees: int
    students: int
    students_marked: int
    students_present: int
    scores: int
    average_score: float | None


def _today() -> AnySelect:
    """Return the statement that counts the day `:today`; built once, it is long."""
    today: BindParameter[day] = bindparam("today")
    active = UserReplica.is_active.is_(True)
    people = select(func.count()).select_from(UserReplica).where(active)
    worked = (
        select(func.count())
        .select_from(WorkLog)
        .join(UserReplica, UserReplica.id == WorkLog.employee_id)
        .where(
            WorkLog.date == today, WorkLog.status.is_(True), active, UserReplica.role == EMPLOYEE
        )
    )
    marked = select(func.count(Attendance.student_id.distinct())).where(Attendance.date == today)
    came = (Attendance.status == "present") | (Attendance.status == "late")
    return select(
        worked.scalar_subquery(),
        people.where(UserReplica.role == EMPLOYEE).scalar_subquery(),
        people.where(UserReplica.role == STUDENT).scalar_subquery(),
        marked.scalar_subquery(),
        marked.where(came).scalar_subquery(),
        select(func.count()).select_from(Score).where(Score.date == today).scalar_subquery(),
        select(func.avg(Score.value)).where(Score.date == today).scalar_subquery(),
    )


_TODAY: Final = _today()


async def get_today(view: View, today: day) -> Today:
    """Count the day, by one statement."""
    return Today(*(await view.execute(_TODAY, {"today": today})).one())
