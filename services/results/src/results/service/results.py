"""Reading, writing and grading results."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from results import domain
from results.errors import ResultExists
from results.models import Result, ResultAnswer
from results.repository import results as repository
from results.repository.results import ResultFilter, Slice, is_kept
from shared.contracts.results import ResultChangedV1
from shared.db.brief import Writing
from shared.db.engine import View
from shared.db.glance import Glance
from shared.errors import Invalid
from shared.events.outbox import emit

__all__ = ["ResultFilter", "Slice", "is_kept"]

PIECE: Final = 500
"""Of a long list: rows that are read, written and forgotten together."""


async def list_results(
    view: View, wanted: ResultFilter, part: Slice
) -> tuple[Sequence[Any], int | None]:
    """Return results, newest first, and their number when a limit is asked for."""
    return await repository.list_results(view, wanted, part)


async def list_next(
    tx: AsyncSession, wanted: ResultFilter, *, below: int | None, limit: int
) -> Sequence[Any]:
    """Return a piece of all results, newest first, from below an id on."""
    return await repository.list_next(tx, wanted, below=below, limit=limit)


async def list_all(look: Glance) -> AsyncIterator[Sequence[Any]]:
    """
    Give all results, newest first, piece by piece; a reader who is slow holds nothing.

    Each piece is of its own moment: none is told twice or left out, and those that come while it is
    read are not in it.
    """
    last = repository.LAST
    while rows := await repository.list_piece(look, last=last, limit=PIECE):
        yield rows
        if len(rows) < PIECE:
            return
        last = rows[-1].id - 1


async def list_own(look: Glance, student_id: int) -> Sequence[Any]:
    """Return all results of one student, newest first."""
    return await repository.list_own(look, student_id)


async def get_result(tx: AsyncSession, result_id: int, *, student_id: int | None = None) -> Result:
    """Return a result; with *student_id*, only his own."""
    return await repository.get_result(tx, result_id, student_id=student_id)


async def list_answers(
    tx: AsyncSession, result_id: int, *, student_id: int | None = None
) -> Sequence[ResultAnswer]:
    """Return a result's answers; with *student_id*, only of his own result."""
    await repository.get_result(tx, result_id, student_id=student_id)
    return await repository.list_answers(tx, result_id)


async def create_result(
    tx: Writing, values: dict[str, Any], *, exam_title: str, now: datetime
) -> Result:
    """Write a result by hand. Raises `ResultExists`: the unique key decides."""
    require_possible(values)
    row = _columns(values) | {
        "version": 1,
        "exam_title": exam_title,
        "questions_version": None,
        "created_at": now,
    }
    result = await repository.add_result(tx, row)
    if result is None:
        raise ResultExists
    await emit(tx, event_of(result))
    return result


async def update_result(
    tx: AsyncSession, result: Result, values: dict[str, Any], *, exam_title: str
) -> Result:
    """Overwrite a locked result. Raises `ResultExists` when its new pair is taken."""
    require_possible(values)
    pair = (values["exam"], values["student"])
    if pair != (result.exam_id, result.student_id):
        await _move(tx, result, *pair, exam_title)
    for name, value in _columns(values).items():
        setattr(result, name, value)
    result.version += 1
    await emit(tx, event_of(result))
    return result


async def lock_result(tx: AsyncSession, result_id: int) -> Result:
    """Return a result that nobody else changes until *tx* ends."""
    return await repository.get_result(tx, result_id, lock=True)


async def delete_result(tx: AsyncSession, result_id: int) -> None:
    """Delete a result; its student may submit again."""
    result = await lock_result(tx, result_id)
    version = result.version + 1
    await emit(tx, event_of(result, version=version, is_deleted=True))
    await repository.remove_result(tx, result, version)


async def grade_answer(
    tx: AsyncSession,
    result_id: int,
    answer_id: int,
    verdict: dict[str, Any],
    *,
    grader_id: int,
    now: datetime,
) -> ResultAnswer:
    """
    Record a teacher's verdict and recalculate the result.

    When no written answer is left ungraded, the result is checked, by this teacher.
    """
    result = await lock_result(tx, result_id)
    answer = await repository.get_answer(tx, result_id, answer_id)
    answer.is_correct = verdict["is_correct"]
    if "comment" in verdict:
        answer.comment = verdict["comment"]
    answer.graded_by, answer.graded_at = grader_id, now
    await tx.flush()
    correct, ungraded = await repository.count_answers(tx, result_id)
    result.correct_answers = correct
    result.score = domain.score_of(correct, result.total_questions)
    if ungraded == 0 and answer.question_type == "written":
        result.is_checked, result.checked_by = True, grader_id
    result.version += 1
    await emit(tx, event_of(result))
    return answer


async def digest(tx: AsyncSession) -> tuple[int, int]:
    """Return (count, sum of versions) of all results, deleted ones too."""
    return await repository.digest(tx)


async def list_states(tx: AsyncSession, after: int, limit: int) -> list[dict[str, Any]]:
    """Return states of results by id, as `ResultChangedV1` tells them."""
    return [dict(row) for row in await repository.list_states(tx, after, limit)]


def require_possible(values: dict[str, Any]) -> None:
    """Refuse more correct answers than questions."""
    if values["correct_answers"] > values["total_questions"]:
        text = "Ensure this value is less than or equal to total_questions."
        raise Invalid({"correct_answers": [text]})


def event_of(
    result: Result, *, version: int | None = None, is_deleted: bool = False
) -> ResultChangedV1:
    """Return the event that tells a result's state."""
    return ResultChangedV1(
        result_id=result.id,
        version=version or result.version,
        exam_id=result.exam_id,
        student_id=result.student_id,
        score=result.score,
        is_checked=result.is_checked,
        is_deleted=is_deleted,
    )


async def _move(
    tx: AsyncSession, result: Result, exam_id: int, student_id: int, title: str
) -> None:
    is_other_exam = exam_id != result.exam_id
    if not await repository.move_result(tx, result.id, exam_id, student_id, title):
        raise ResultExists
    await tx.refresh(result)
    if is_other_exam:
        result.questions_version = None  # no version of the new exam holds these answers


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    renamed = {"exam": "exam_id", "student": "student_id"}
    return {renamed.get(name, name): value for name, value in values.items()}
