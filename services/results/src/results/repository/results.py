"""SQL of results and answers outside the hot path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    bindparam,
    delete,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from results.errors import AnswerNotFound, ResultNotFound
from results.models import DeletedResult, Result, ResultAnswer
from shared.db.brief import Writing
from shared.db.bulk import insert_absent
from shared.db.engine import View

COLUMNS: Final = (
    Result.id,
    Result.exam_id,
    Result.student_id,
    Result.score,
    Result.correct_answers,
    Result.total_questions,
    Result.is_checked,
    Result.checked_by,
    Result.created_at,
)
ORDERS: Final = {
    "id": Result.id,
    "created_at": Result.created_at,
    "score": Result.score,
    "exam": Result.exam_id,
    "student": Result.student_id,
}


LAST: Final = 2**63 - 1
"""No id is higher."""
_PIECE: Final = (
    select(*COLUMNS)
    .where(Result.id <= bindparam("last"))
    .order_by(Result.id.desc())
    .limit(bindparam("limit", type_=BigInteger))
)
_WANTED: Final[dict[str, ColumnElement[bool]]] = {
    "exam": Result.exam_id == bindparam("exam"),
    "student": Result.student_id == bindparam("student"),
    "is_checked": Result.is_checked == bindparam("is_checked"),
    "since": Result.created_at >= bindparam("since"),
    "before": Result.created_at < bindparam("before"),
}
_OWN: Final = (
    select(*COLUMNS).where(Result.student_id == bindparam("student")).order_by(Result.id.desc())
)


@dataclass(frozen=True)
class ResultFilter:
    """Which results are wanted; None means all."""

    exam: int | None = None
    student: int | None = None
    is_checked: bool | None = None
    since: datetime | None = None
    before: datetime | None = None
    search: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """The values asked for, by the names of `_WANTED`."""
        pairs = ((name, getattr(self, name)) for name in _WANTED)
        return {name: value for name, value in pairs if value is not None}

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the WHERE clause's parts; what they compare with are `values`."""
        found = [_WANTED[name] for name in self.values]
        if self.search:
            found.append(Result.exam_title.icontains(self.search, autoescape=True))
        return found


@dataclass(frozen=True)
class Slice:
    """Which part of a list, in which order (names of `ORDERS`, `-` in front: descending)."""

    limit: int | None = None
    offset: int = 0
    ordering: tuple[str, ...] = ()


def is_kept(wanted: ResultFilter, part: Slice) -> bool:
    """Tell whether the list is of those that are asked for all day; their statements are kept."""
    return not (wanted.search or part.ordering)


async def list_results(
    view: View, wanted: ResultFilter, part: Slice
) -> tuple[Sequence[Any], int | None]:
    """
    Return rows of `COLUMNS`, newest first, and how many there are when a limit is asked for.

    A glance may read what `is_kept`; the number is of its own moment then.
    """
    if is_kept(wanted, part):
        rows, count = _kept(tuple(wanted.values))
    else:
        rows, count = _statements(wanted.conditions(), _order(part.ordering))
    # SQLite knows no OFFSET without LIMIT
    bounds = {"limit": LAST if part.limit is None else part.limit, "offset": part.offset}
    found = (await view.execute(rows, wanted.values | bounds)).all()
    if part.limit is None:
        return found, None
    return found, int((await view.execute(count, wanted.values)).one()[0])


@cache
def _kept(names: tuple[str, ...]) -> tuple[Any, Any]:
    return _statements([_WANTED[name] for name in names], _order(()))


def _statements(conditions: list[ColumnElement[bool]], order: list[Any]) -> tuple[Any, Any]:
    limit, offset = (bindparam(name, type_=BigInteger) for name in ("limit", "offset"))
    rows = select(*COLUMNS).where(*conditions).order_by(*order).limit(limit).offset(offset)
    return rows, select(func.count()).select_from(Result).where(*conditions)


async def list_piece(view: View, *, last: int, limit: int) -> Sequence[Any]:
    """Return rows of `COLUMNS`, newest first, from the id *last* on."""
    return (await view.execute(_PIECE, {"last": last, "limit": limit})).all()


async def list_own(view: View, student_id: int) -> Sequence[Any]:
    """Return all rows of `COLUMNS` of one student, newest first."""
    return (await view.execute(_OWN, {"student": student_id})).all()


async def list_next(
    tx: AsyncSession, wanted: ResultFilter, *, below: int | None, limit: int
) -> Sequence[Any]:
    """Return results with their exams' titles, newest first, from below an id on."""
    statement = select(*COLUMNS, Result.exam_title).where(*wanted.conditions())
    if below is not None:
        statement = statement.where(Result.id < below)
    newest = statement.order_by(Result.id.desc()).limit(limit)
    return (await tx.execute(newest, wanted.values)).all()


def _order(names: tuple[str, ...]) -> list[Any]:
    order: list[Any] = []
    for name in names:
        column = ORDERS[name.removeprefix("-")]
        order.append(column.desc() if name.startswith("-") else column.asc())
    return [*order, Result.id.desc()]


async def get_result(
    tx: AsyncSession, result_id: int, *, student_id: int | None = None, lock: bool = False
) -> Result:
    """Return a result, of *student_id* alone when given. Raises `ResultNotFound`."""
    statement = select(Result).where(Result.id == result_id)
    if student_id is not None:
        statement = statement.where(Result.student_id == student_id)
    if lock:
        statement = statement.with_for_update()
    result = await tx.scalar(statement)
    if result is None:
        raise ResultNotFound
    return result


async def list_answers(tx: AsyncSession, result_id: int) -> Sequence[ResultAnswer]:
    """Return a result's answers in the order they were handed in."""
    statement = select(ResultAnswer).where(ResultAnswer.result_id == result_id)
    return list(await tx.scalars(statement.order_by(ResultAnswer.id)))


async def get_answer(tx: AsyncSession, result_id: int, answer_id: int) -> ResultAnswer:
    """Return one answer of a result. Raises `AnswerNotFound`."""
    statement = select(ResultAnswer).where(
        ResultAnswer.id == answer_id, ResultAnswer.result_id == result_id
    )
    answer = await tx.scalar(statement)
    if answer is None:
        raise AnswerNotFound
    return answer


async def count_answers(tx: AsyncSession, result_id: int) -> tuple[int, int]:
    """Return how many answers are correct, and how many written ones nobody has graded."""
    ungraded = and_(ResultAnswer.question_type == "written", ResultAnswer.graded_at.is_(None))
    statement = select(
        func.count().filter(ResultAnswer.is_correct), func.count().filter(ungraded)
    ).where(ResultAnswer.result_id == result_id)
    row = (await tx.execute(statement)).one()
    return int(row[0]), int(row[1])


async def add_result(tx: Writing, values: dict[str, Any]) -> Result | None:
    """Insert a result; None when its (exam, student) has one."""
    key = ("exam_id", "student_id")
    added = await insert_absent(tx, Result, [values], key=key, returning=("id",))
    return Result(id=added.pop(), **values) if added else None


async def move_result(
    tx: AsyncSession, result_id: int, exam_id: int, student_id: int, title: str
) -> bool:
    """Give a result another exam or student; False when that pair has a result: the key decides."""
    statement = update(Result).where(Result.id == result_id)
    values = {"exam_id": exam_id, "student_id": student_id, "exam_title": title}
    try:
        async with tx.begin_nested():
            await tx.execute(statement.values(values))
    except IntegrityError:
        return False
    return True


async def remove_result(tx: AsyncSession, result: Result, version: int) -> None:
    """Delete a result with its answers and keys; its last version stays."""
    row = DeletedResult(
        result_id=result.id, version=version, exam_id=result.exam_id, student_id=result.student_id
    )
    tx.add(row)
    await tx.execute(delete(Result).where(Result.id == result.id))


async def digest(tx: AsyncSession) -> tuple[int, int]:
    """Return how many results there ever were and the sum of their versions."""
    count, versions = 0, 0
    for model in (Result, DeletedResult):
        statement = select(func.count(), func.coalesce(func.sum(model.version), 0))
        row = (await tx.execute(statement.select_from(model))).one()
        count, versions = count + int(row[0]), versions + int(row[1])
    return count, versions


async def list_states(tx: AsyncSession, after: int, limit: int) -> Sequence[Any]:
    """Return the state of results, deleted ones too, by id."""
    living = select(
        Result.id.label("result_id"),
        Result.version,
        Result.exam_id,
        Result.student_id,
        Result.score,
        Result.is_checked,
        literal(value=False).label("is_deleted"),
    ).where(Result.id > after)
    gone = select(
        DeletedResult.result_id,
        DeletedResult.version,
        DeletedResult.exam_id,
        DeletedResult.student_id,
        literal(0.0),
        literal(value=False),
        literal(value=True),
    ).where(DeletedResult.result_id > after)
    both = union_all(living, gone).subquery()
    found = await tx.execute(select(both).order_by(both.c.result_id).limit(limit))
    return found.mappings().all()
