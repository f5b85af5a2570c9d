"""Subjects: rows that keep their id and version when they are deleted."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from exams.errors import SubjectNameTaken, SubjectNotFound
from exams.repository.tables import EXAMS, SUBJECTS, AnyRow
from shared.db.upsert import insert_into

_SHOWN: Final = (SUBJECTS.c.id, SUBJECTS.c.name, SUBJECTS.c.created_at)
_TOLD: Final = (
    SUBJECTS.c.id.label("subject_id"),
    SUBJECTS.c.version,
    SUBJECTS.c.name,
    SUBJECTS.c.is_deleted,
)
_IS_THERE: Final = SUBJECTS.c.is_deleted.is_(False)
_ORDERED: Final = {
    "id": SUBJECTS.c.id,
    "name": SUBJECTS.c.name_key,
    "created_at": SUBJECTS.c.created_at,
}


async def list_subjects(
    tx: AsyncSession,
    *,
    search: str = "",
    ordering: tuple[str, ...] = (),
    limit: int | None = None,
    offset: int = 0,
) -> tuple[Sequence[AnyRow], int | None]:
    """Return subjects by id unless *ordering* says else, and, with a limit, how many there are."""
    conditions: list[ColumnElement[bool]] = [_IS_THERE]
    if search:
        conditions.append(SUBJECTS.c.name_key.contains(search, autoescape=True))
    statement = select(*_SHOWN).where(*conditions).order_by(*_order(ordering))
    statement = statement.limit(limit).offset(offset or None)
    rows = (await tx.execute(statement)).all()
    if limit is None:
        return rows, None
    total = await tx.scalar(select(func.count()).select_from(SUBJECTS).where(*conditions))
    return rows, int(total or 0)


def _order(ordering: tuple[str, ...]) -> Iterator[ColumnElement[Any]]:
    for name in ordering:
        column = _ORDERED[name.removeprefix("-")]
        yield column.desc() if name.startswith("-") else column.asc()
    yield SUBJECTS.c.id.asc()


async def get_subject(tx: AsyncSession, subject_id: int) -> AnyRow:
    """Return a subject. Raises `SubjectNotFound`."""
    row = (await tx.execute(select(*_SHOWN).where(SUBJECTS.c.id == subject_id, _IS_THERE))).first()
    if row is None:
        raise SubjectNotFound
    return row


async def get_subject_for_update(tx: AsyncSession, subject_id: int) -> AnyRow:
    """Return a subject and lock it until *tx* ends. Raises `SubjectNotFound`."""
    statement = select(*_SHOWN).where(SUBJECTS.c.id == subject_id, _IS_THERE).with_for_update()
    row = (await tx.execute(statement)).first()
    if row is None:
        raise SubjectNotFound
    return row


async def holds_subject(tx: AsyncSession, subject_id: int) -> bool:
    """Say whether the subject exists, and keep it from being deleted until *tx* ends."""
    statement = select(SUBJECTS.c.id).where(SUBJECTS.c.id == subject_id, _IS_THERE)
    return await tx.scalar(statement.with_for_update(read=True)) is not None


async def has_exams(tx: AsyncSession, subject_id: int) -> bool:
    """Say whether an exam belongs to the subject."""
    exam = select(EXAMS.c.id).where(EXAMS.c.subject_id == subject_id, EXAMS.c.is_deleted.is_(False))
    return await tx.scalar(exam.limit(1)) is not None


async def add_subject(tx: AsyncSession, *, name: str, name_key: str, now: datetime) -> AnyRow:
    """Insert a subject and return it as it is told. Raises `SubjectNameTaken`."""
    values = {"name": name, "name_key": name_key, "created_at": now}
    insert = insert_into(tx, SUBJECTS).values({**values, "version": 1, "is_deleted": False})
    insert = insert.on_conflict_do_nothing(index_elements=["name_key"])
    row: AnyRow | None = (await tx.execute(insert.returning(*_TOLD))).first()
    if row is None:
        raise SubjectNameTaken
    return row


async def change_subject(tx: AsyncSession, subject_id: int, **changes: object) -> AnyRow:
    """Change a subject, count its version up, return it as told. Raises `SubjectNameTaken`."""
    statement = (
        update(SUBJECTS)
        .where(SUBJECTS.c.id == bindparam("subject"))
        .values(version=SUBJECTS.c.version + 1, **changes)
        .returning(*_TOLD)
    )
    try:
        return (await tx.execute(statement, {"subject": subject_id})).one()
    except IntegrityError:  # the name's is the only constraint that an edit can break
        raise SubjectNameTaken from None


async def list_subject_states(tx: AsyncSession, *, after: int, limit: int) -> Sequence[AnyRow]:
    """Return subjects as they are told, deleted ones too, by id."""
    statement = select(*_TOLD).where(SUBJECTS.c.id > after).order_by(SUBJECTS.c.id).limit(limit)
    return (await tx.execute(statement)).all()


async def digest_of_subjects(tx: AsyncSession) -> tuple[int, int]:
    """Return the count and the sum of versions of all subjects, deleted ones too."""
    statement = select(func.count(), func.coalesce(func.sum(SUBJECTS.c.version), 0))
    count, versions = (await tx.execute(statement.select_from(SUBJECTS))).one()
    return int(count), int(versions)
