"""Exams: rows for lists and details, locks for edits, and what other services are told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date as day
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from exams.errors import ExamNotFound
from exams.models import Exam
from exams.repository.tables import EXAMS, GUARDS, SUBJECTS, AnyRow
from shared.db.engine import View
from shared.db.upsert import insert_into

_LISTED: Final = (
    EXAMS.c.id,
    EXAMS.c.title,
    EXAMS.c.code,
    EXAMS.c.subject_id.label("subject"),
    SUBJECTS.c.name.label("subject_name"),
    EXAMS.c.description,
    EXAMS.c.time_limit,
    EXAMS.c.is_published,
    EXAMS.c.is_active,
    EXAMS.c.date,
    EXAMS.c.created_by,
    EXAMS.c.created_at,
    EXAMS.c.questions_count,
    EXAMS.c.participants_count,
)
LISTED_NAMES: Final = tuple(column.name for column in _LISTED)
_IS_THERE: Final = EXAMS.c.is_deleted.is_(False)
# Written once: a statement that is built anew for each request costs more than it takes to run.
_HEAD: Final = select(*(column for column in EXAMS.c if column.name != "search_text"))
_LIST: Final = (
    select(*_LISTED)
    .select_from(EXAMS.join(SUBJECTS, SUBJECTS.c.id == EXAMS.c.subject_id))
    .where(_IS_THERE)
)
# In the order of creation, and along the key's own index.
_NEWEST: Final = _LIST.order_by(EXAMS.c.id.desc())
_NEWEST_PUBLISHED: Final = _NEWEST.where(EXAMS.c.is_published.is_(True))
_COUNT: Final = select(func.count()).select_from(EXAMS).where(_IS_THERE)
_STATE: Final = select(
    func.count(),
    func.sum(EXAMS.c.version),
    func.sum(EXAMS.c.recounts),
    func.sum(EXAMS.c.participants_count),  # the release before this one counts no recounts
    select(func.sum(SUBJECTS.c.version)).scalar_subquery(),
).select_from(EXAMS)
_BY_ID: Final = _HEAD.where(EXAMS.c.id == bindparam("exam_id"))
_BY_CODE: Final = _HEAD.where(EXAMS.c.code == bindparam("code"), _IS_THERE)
_BY_CODE_UNLESS_MISSED: Final = _BY_CODE.where(
    ~select(GUARDS.c.user_id).where(GUARDS.c.user_id == bindparam("user_id")).exists()
)


@dataclass(frozen=True, slots=True)
class ExamFilter:
    """Which exams are wanted; None leaves a question open."""

    published_only: bool = False
    subject: int | None = None
    created_by: int | None = None
    is_published: bool | None = None
    is_active: bool | None = None
    date: day | None = None
    date_from: day | None = None
    date_to: day | None = None
    search: str = ""


_WHOLE: Final = {ExamFilter(): _NEWEST, ExamFilter(published_only=True): _NEWEST_PUBLISHED}
"""What is asked for most."""


async def list_exams(
    tx: AsyncSession,
    wanted: ExamFilter,
    *,
    ordering: tuple[str, ...] = (),
    limit: int | None = None,
    offset: int = 0,
) -> tuple[Sequence[AnyRow], int | None]:
    """Return exams, newest first unless *ordering* says else, and, with a limit, how many."""
    if limit is None and not offset and not ordering and wanted in _WHOLE:
        return (await tx.execute(_WHOLE[wanted])).all(), None
    conditions = list(_conditions(wanted))
    statement = _LIST.where(*conditions).order_by(*_order(ordering))
    found = (await tx.execute(statement.limit(limit).offset(offset or None))).all()
    if limit is None:
        return found, None
    total = await tx.scalar(_COUNT.where(*conditions))
    return found, int(total or 0)


def _conditions(wanted: ExamFilter) -> Iterator[ColumnElement[bool]]:
    columns = EXAMS.c
    equal = {
        columns.subject_id: wanted.subject,
        columns.created_by: wanted.created_by,
        columns.date: wanted.date,
    }
    yield from (column == value for column, value in equal.items() if value is not None)
    if wanted.published_only:
        yield columns.is_published.is_(True)
    flags = {columns.is_published: wanted.is_published, columns.is_active: wanted.is_active}
    yield from (column.is_(value) for column, value in flags.items() if value is not None)
    if wanted.date_from is not None:
        yield columns.date >= wanted.date_from
    if wanted.date_to is not None:
        yield columns.date <= wanted.date_to
    if wanted.search:
        yield columns.search_text.contains(wanted.search, autoescape=True)


def _order(ordering: tuple[str, ...]) -> Iterator[ColumnElement[Any]]:
    for name in ordering:
        # Titles in the order of their folded form, whose case means nothing.
        column = EXAMS.c["search_text" if name.endswith("title") else name.removeprefix("-")]
        yield column.desc() if name.startswith("-") else column.asc()
    yield EXAMS.c.id.desc()


async def state_of_list(view: View) -> tuple[Any, ...]:
    """Return what differs whenever the list of exams does."""
    return tuple((await view.execute(_STATE)).one())


async def find_exam(view: View, exam_id: int) -> AnyRow | None:
    """Return an exam, also a deleted one, or None."""
    return (await view.execute(_BY_ID, {"exam_id": exam_id})).first()


async def find_exam_by_code(tx: AsyncSession, code: str) -> AnyRow | None:
    """Return the exam that has *code*, or None."""
    return (await tx.execute(_BY_CODE, {"code": code})).first()


async def find_exam_by_code_unless_missed(view: View, code: str, user_id: int) -> AnyRow | None:
    """Return the exam that has *code*; None also when the user has missed a code of late."""
    values = {"code": code, "user_id": user_id}
    return (await view.execute(_BY_CODE_UNLESS_MISSED, values)).first()


async def get_exam_for_update(tx: AsyncSession, exam_id: int) -> Exam:
    """Lock an exam until *tx* ends: edits come one after the other. Raises `ExamNotFound`."""
    statement = select(Exam).where(Exam.id == exam_id, Exam.is_deleted.is_(False))
    exam = await tx.scalar(statement.with_for_update())
    if exam is None:
        raise ExamNotFound
    return exam


async def add_exam(tx: AsyncSession, values: dict[str, Any]) -> int | None:
    """Insert an exam and return its id; None when another one has its code."""
    insert = insert_into(tx, EXAMS).values(values).on_conflict_do_nothing(index_elements=["code"])
    exam_id: int | None = await tx.scalar(insert.returning(EXAMS.c.id))
    return exam_id


async def list_exam_states(tx: AsyncSession, *, after: int, limit: int) -> Sequence[AnyRow]:
    """Return exams by id, deleted ones too."""
    statement = _HEAD.where(EXAMS.c.id > after).order_by(EXAMS.c.id).limit(limit)
    return (await tx.execute(statement)).all()


async def list_versions(tx: AsyncSession, ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return (id, version) of those of *ids* that there are, deleted ones too."""
    found = await tx.execute(select(EXAMS.c.id, EXAMS.c.version).where(EXAMS.c.id.in_(ids)))
    return [(row.id, row.version) for row in found]


async def digest_of_exams(tx: AsyncSession) -> tuple[int, int]:
    """Return the count and the sum of versions of all exams, deleted ones too."""
    statement = select(func.count(), func.coalesce(func.sum(EXAMS.c.version), 0))
    count, versions = (await tx.execute(statement.select_from(EXAMS))).one()
    return int(count), int(versions)
