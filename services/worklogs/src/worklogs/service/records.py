"""Attendances and scores: recorded, edited and deleted together with what follows from them."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import local_day
from shared.contracts.base import Event
from shared.contracts.worklogs import AttendanceRecordedV1, ScoreRecordedV1
from shared.errors import Forbidden, Invalid, NotFound
from shared.events.outbox import emit
from shared.security.principal import Principal
from shared.users import find_users
from worklogs import domain
from worklogs.domain import EMPLOYEE, OWNER, STUDENT, RecordFilter
from worklogs.errors import AttendanceNotFound, ScoreNotFound
from worklogs.repository import records, subjects
from worklogs.repository.records import Book, Record
from worklogs.service import days

ABSENT: Final = 'Invalid pk "{}" - object does not exist.'
FUTURE: Final = "Ensure this date is not in the future."


@dataclass(frozen=True)
class Kind:
    """What attendances and scores differ in."""

    name: str
    book: Book
    event_of: Callable[[Record], Event]
    absent: type[NotFound]

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of a row's columns in an answer."""
        return tuple(self.book.shown)


def _attendance_recorded(row: Record) -> Event:
    return AttendanceRecordedV1(**{name: row[name] for name in TOLD})


def _score_recorded(row: Record) -> Event:
    return ScoreRecordedV1(**{name: row[name] for name in TOLD})


TOLD: Final = ("id", "employee", "student", "date")
ATTENDANCES: Final = Kind(
    domain.ATTENDANCE, records.ATTENDANCES, _attendance_recorded, AttendanceNotFound
)
SCORES: Final = Kind(domain.SCORE, records.SCORES, _score_recorded, ScoreNotFound)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where and when something is written: the caller, the moment, the academy's zone."""

    caller: Principal
    now: datetime
    zone: str
    knows_subjects: bool = True
    """False when exams could not be asked: a subject nobody here knows is then believed."""

    @property
    def today(self) -> date:
        """The academy's day at this moment."""
        return local_day(self.now, self.zone)


def named_users(bodies: Iterable[Record], caller: Principal) -> list[int]:
    """Return the users that must be known before *bodies* can be stored."""
    ids = {body[name] for body in bodies for name in _names(caller) if body.get(name)}
    return sorted(ids)


def _names(caller: Principal) -> tuple[str, ...]:
    return ("student", "employee") if caller.role == OWNER else ("student",)


async def record(
    tx: AsyncSession, kind: Kind, bodies: Sequence[Record], desk: Desk, *, many: bool
) -> list[Record]:
    """
    Store *bodies*, each as a new row or over the one with its key, and tell of them.

    All or nothing. The recorder is the caller; only an owner may name another `employee`.
    """
    rows = [_row_of(kind, body, desk) for body in bodies]
    errors = await _errors_of(tx, rows, desk)
    if any(errors):
        raise Invalid(list(errors) if many else errors[0])
    key = kind.book.key
    stored = await records.upsert_records(
        tx, kind.book, {tuple(row[name] for name in key): row for row in rows}.values()
    )
    await _tell(tx, kind, stored.values())
    await _recount(tx, stored.values(), desk)
    return [stored[tuple(row[name] for name in key)] for row in rows]


async def find_record(view: AsyncSession, kind: Kind, record_id: int, caller: Principal) -> Record:
    """Return a row the caller may see: staff any, a student his own. Raises `NotFound`."""
    student_id = caller.user_id if caller.role == STUDENT else None
    found = await records.find_record(view, kind.book, record_id, student_id=student_id)
    if found is None:
        raise kind.absent
    return found


def require_own(record: Record, caller: Principal) -> None:
    """Let an employee change only what he recorded himself; an owner changes anything."""
    if caller.role != OWNER and record["employee"] != caller.user_id:
        raise Forbidden


async def update_record(
    tx: AsyncSession, kind: Kind, record_id: int, changes: Record, desk: Desk
) -> Record:
    """Change a row and recount the days it left and came to."""
    before = await records.find_record_for_update(tx, kind.book, record_id)
    if before is None:
        raise kind.absent
    require_own(before, desk.caller)
    if desk.caller.role != OWNER:
        changes = {name: value for name, value in changes.items() if name != "employee"}
    row = _row_of(kind, {**before, **changes}, desk, recorder=before["employee"])
    changed = {name: row[_column(name)] for name in changes}
    errors = (await _errors_of(tx, [row], desk, only=set(changes)))[0]
    if errors:
        raise Invalid(errors)
    values = {_column(name): value for name, value in changed.items()} | {"updated_at": desk.now}
    after = await records.update_record(tx, kind.book, record_id, values)
    await _tell(tx, kind, [after])
    await _recount(tx, [before, after], desk)
    return after


async def delete_record(tx: AsyncSession, kind: Kind, record_id: int, desk: Desk) -> None:
    """Delete a row and recount its day."""
    before = await records.find_record_for_update(tx, kind.book, record_id)
    if before is None:
        raise kind.absent
    require_own(before, desk.caller)
    await records.delete_record(tx, kind.book, record_id)
    await _recount(tx, [before], desk)


async def list_records(
    view: AsyncSession,
    kind: Kind,
    wanted: RecordFilter,
    *,
    ordering: tuple[str, ...],
    limit: int | None,
    offset: int,
) -> tuple[AsyncIterator[Sequence[Any]], int | None]:
    """Return the rows wanted in pieces, as tuples in the order of `kind.fields`, and how many."""
    return await records.list_records(
        view, kind.book, wanted, ordering=ordering, limit=limit, offset=offset
    )


def _row_of(kind: Kind, body: Record, desk: Desk, *, recorder: int | None = None) -> Record:
    """Turn the names of the API into those of the table, with what the body left open."""
    named = body.get("employee") if desk.caller.role == OWNER else None
    row = {
        "employee_id": named or recorder or desk.caller.user_id,
        "student_id": body["student"],
        "date": body.get("date") or desk.today,
        "note": body.get("note"),
        "created_at": desk.now,
        "updated_at": desk.now,
    }
    if kind is ATTENDANCES:
        return row | {"status": body["status"]}
    return row | {"value": float(body["value"]), "subject_id": body.get("subject") or 0}


def _column(name: str) -> str:
    return f"{name}_id" if name in {"employee", "student", "subject"} else name


async def _errors_of(
    tx: AsyncSession, rows: Sequence[Record], desk: Desk, *, only: set[str] | None = None
) -> list[dict[str, object]]:
    """Return what is wrong with each row; *only* these fields are judged when some are named."""
    users = await find_users(
        tx, {row[name] for row in rows for name in ("student_id", "employee_id")}
    )
    roles = {user.id: user.role for user in users.values()} | {
        desk.caller.user_id: desk.caller.role
    }
    asked = {row["subject_id"] for row in rows if row.get("subject_id")}
    exists = await subjects.find_subjects(tx, asked) if asked else {}
    found: list[dict[str, object]] = []
    for row in rows:
        errors: dict[str, object] = {}
        if roles.get(row["student_id"]) != STUDENT:
            errors["student"] = [ABSENT.format(row["student_id"])]
        if roles.get(row["employee_id"]) not in {EMPLOYEE, OWNER}:
            errors["employee"] = [ABSENT.format(row["employee_id"])]
        subject = row.get("subject_id")
        if subject and not exists.get(subject, not desk.knows_subjects):
            errors["subject"] = [ABSENT.format(subject)]
        if domain.is_future(row["date"], desk.now, desk.zone):
            errors["date"] = [FUTURE]
        found.append({name: text for name, text in errors.items() if only is None or name in only})
    return found


async def _tell(tx: AsyncSession, kind: Kind, rows: Iterable[Record]) -> None:
    await emit(tx, *(kind.event_of(row) for row in rows))


async def _recount(tx: AsyncSession, rows: Iterable[Record], desk: Desk) -> None:
    touched = {(row["employee"], row["date"]) for row in rows}
    users = await find_users(tx, {employee for employee, _ in touched})
    roles = {user.id: user.role for user in users.values()} | {
        desk.caller.user_id: desk.caller.role
    }
    employees = {user_id for user_id, role in roles.items() if role == EMPLOYEE}
    await days.recompute(tx, touched, employees=employees, now=desk.now)
