"""Attendances and scores: the rows that employees record themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Label,
    Table,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.upsert import insert_into
from shared.users.tables import UserReplica
from worklogs.domain import RecordFilter
from worklogs.errors import NotUnique
from worklogs.models import Attendance, Score
from worklogs.repository.logs import PIECE, Pieces

Record = dict[str, Any]
"""A row under the names the API gives its columns."""


@dataclass(frozen=True)
class Book:
    """One of the two tables: what makes a row the same row, and how its columns are shown."""

    table: Table
    key: tuple[str, ...]
    shown: Mapping[str, ColumnElement[Any]]

    @property
    def columns(self) -> list[Label[Any]]:
        """The columns of an answer, in its order and under its names."""
        return [column.label(name) for name, column in self.shown.items()]


def _table_of(model: type[Attendance] | type[Score]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101 - for the type checker
    return table


def _book(model: type[Attendance] | type[Score], key: tuple[str, ...], *own: str) -> Book:
    table = _table_of(model)
    shown: dict[str, ColumnElement[Any]] = {
        "id": table.c.id,
        "employee": table.c.employee_id,
        "student": table.c.student_id,
    }
    for name in own:
        shown[name] = table.c[name]
    if "subject_id" in table.c:
        shown = {**shown, "subject": func.nullif(table.c.subject_id, 0)}
    rest = ("date", "note", "created_at", "updated_at")
    return Book(table, key, shown | {name: table.c[name] for name in rest})


ATTENDANCES: Final = _book(Attendance, ("student_id", "date", "employee_id"), "status")
SCORES: Final = _book(Score, ("student_id", "date", "employee_id", "subject_id"), "value")


async def upsert_records(
    tx: AsyncSession, book: Book, rows: Iterable[Record]
) -> dict[tuple[Any, ...], Record]:
    """Insert *rows*, or overwrite those with the same key; return what is stored, by key."""
    # In one order everywhere, so that two classes recorded at once cannot wait for each other.
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in book.key))
    if not ordered:
        return {}
    insert = insert_into(tx, book.table)
    kept = {*book.key, "created_at"}
    changed = {name: insert.excluded[name] for name in ordered[0] if name not in kept}
    statement = insert.on_conflict_do_update(index_elements=book.key, set_=changed)
    key = [book.table.c[name].label(f"key_{name}") for name in book.key]
    found = await tx.execute(statement.returning(*key, *book.columns), ordered)
    width = len(key)
    return {tuple(row[:width]): dict(zip(book.shown, row[width:], strict=True)) for row in found}


async def find_record(
    tx: AsyncSession, book: Book, record_id: int, *, student_id: int | None = None
) -> Record | None:
    """Return a row, or None when it is absent or, given *student_id*, another student's."""
    statement = select(*book.columns).where(book.table.c.id == record_id)
    if student_id is not None:
        statement = statement.where(book.table.c.student_id == student_id)
    row = (await tx.execute(statement)).mappings().first()
    return dict(row) if row else None


async def find_record_for_update(tx: AsyncSession, book: Book, record_id: int) -> Record | None:
    """Return a row and lock it until *tx* ends."""
    statement = select(*book.columns).where(book.table.c.id == record_id).with_for_update()
    row = (await tx.execute(statement)).mappings().first()
    return dict(row) if row else None


async def update_record(tx: AsyncSession, book: Book, record_id: int, changes: Record) -> Record:
    """Change a row and return it. Raises `NotUnique` when another row has that key already."""
    statement = update(book.table).where(book.table.c.id == record_id).values(changes)
    try:
        row = (await tx.execute(statement.returning(*book.columns))).mappings().one()
    except IntegrityError:
        raise NotUnique(name.removesuffix("_id") for name in book.key) from None
    return dict(row)


async def delete_record(tx: AsyncSession, book: Book, record_id: int) -> None:
    """Delete a row."""
    await tx.execute(delete(book.table).where(book.table.c.id == record_id))


async def list_records(
    tx: AsyncSession,
    book: Book,
    wanted: RecordFilter,
    *,
    ordering: tuple[str, ...] = (),
    limit: int | None = None,
    offset: int = 0,
) -> tuple[Pieces, int | None]:
    """Return the rows wanted, newest day first by default, and how many, given a limit."""
    conditions = list(_conditions(book, wanted))
    statement = select(*book.columns).where(*conditions)
    total = None
    if limit is not None:
        count = select(func.count()).select_from(book.table).where(*conditions)
        total = int(await tx.scalar(count) or 0)
    part = statement.order_by(*_order(book, ordering)).limit(limit).offset(offset or None)
    return (await tx.stream(part)).partitions(PIECE), total


def _order(book: Book, ordering: tuple[str, ...]) -> Iterable[ColumnElement[Any]]:
    for name in ordering or ("-date",):
        column = book.shown[name.removeprefix("-")]
        yield column.desc() if name.startswith("-") else column.asc()
    yield book.table.c.id.desc()


def _conditions(book: Book, wanted: RecordFilter) -> Iterable[ColumnElement[bool]]:
    columns = book.table.c
    for name in ("student", "employee", "subject"):
        if (value := getattr(wanted, name)) is not None:
            yield columns[f"{name}_id"] == value
    for name in ("status", "date"):
        if (value := getattr(wanted, name)) is not None:
            yield columns[name] == value
    if wanted.date_from is not None:
        yield columns.date >= wanted.date_from
    if wanted.date_to is not None:
        yield columns.date <= wanted.date_to
    if wanted.search:
        yield or_(
            columns.note.icontains(wanted.search, autoescape=True),
            columns.student_id.in_(_named(wanted.search)),
        )


def _named(text: str) -> Any:  # noqa: ANN401 - a Select of ids
    return select(UserReplica.id).where(UserReplica.full_name.icontains(text, autoescape=True))
