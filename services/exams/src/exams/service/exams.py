"""Reading exams: lists, details, codes, and what other services are told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from orjson import Fragment
from sqlalchemy.ext.asyncio import AsyncSession

from exams.domain import code_of, folded, recent_misses, seconds_to_wait
from exams.errors import ExamNotFound
from exams.repository import exams as repository
from exams.repository import guards
from exams.repository.exams import ExamFilter
from exams.repository.tables import AnyRow
from exams.service.contents import Contents, Form, as_state, questions_of
from shared.db.engine import View
from shared.db.glance import Glance
from shared.errors import Throttled

__all__ = ["ExamFilter"]

STATE_PAGE: Final = 100
STATE_QUESTIONS: Final = 1500
"""A page of states ends early when its exams have more questions than this."""


async def list_exams(
    tx: AsyncSession,
    wanted: ExamFilter,
    *,
    ordering: tuple[str, ...] = (),
    limit: int | None = None,
    offset: int = 0,
) -> tuple[Sequence[AnyRow], int | None]:
    """Return exams, and, with a limit, how many there are."""
    wanted = replace(wanted, search=folded(wanted.search))
    return await repository.list_exams(tx, wanted, ordering=ordering, limit=limit, offset=offset)


async def get_exam(
    view: AsyncSession, contents: Contents, exam_id: int, *, for_student: bool
) -> tuple[AnyRow, Fragment]:
    """Return an exam and its questions; a student sees published ones, without the key."""
    exam = await require_exam(view, exam_id, for_student=for_student)
    return exam, await contents.of(view, exam, _form(for_student=for_student))


async def glance_at_exam(
    look: Glance, contents: Contents, exam_id: int, *, for_student: bool
) -> tuple[AnyRow, Fragment] | None:
    """Return what `get_exam` would, when its questions are remembered; else None."""
    exam = await require_exam(look, exam_id, for_student=for_student)
    questions = contents.kept(exam, _form(for_student=for_student))
    return None if questions is None else (exam, questions)


async def require_exam(view: View, exam_id: int, *, for_student: bool) -> AnyRow:
    """Return an exam that the reader may know of. Raises `ExamNotFound`."""
    exam = await repository.find_exam(view, exam_id)
    if exam is None or exam.is_deleted or (for_student and not exam.is_published):
        raise ExamNotFound
    return exam


async def glance_by_code(
    look: Glance, contents: Contents, entered: str, caller: tuple[int, bool]
) -> tuple[AnyRow, Fragment] | None:
    """
    Return the exam with the code *entered* and its questions, when one glance can tell.

    None says nothing: the user may have missed before, the questions may not be remembered.
    *caller* is (user id, whether he is a student).
    """
    code = code_of(entered)
    if not code:
        return None
    user_id, is_student = caller
    exam = await repository.find_exam_by_code_unless_missed(look, code, user_id)
    if exam is None or (is_student and not exam.is_published):
        return None
    questions = contents.kept(exam, _form(for_student=is_student))
    return None if questions is None else (exam, questions)


async def find_exam_by_code(
    view: AsyncSession, contents: Contents, entered: str, *, for_student: bool
) -> tuple[AnyRow, Fragment] | None:
    """Return the exam with the code *entered* and its questions; None when it opens nothing."""
    code = code_of(entered)
    exam = await repository.find_exam_by_code(view, code) if code else None
    if exam is None or (for_student and not exam.is_published):
        return None
    return exam, await contents.of(view, exam, _form(for_student=for_student))


def _form(*, for_student: bool) -> Form:
    return Form.KEYLESS if for_student else Form.KEYED


async def require_guesses_left(view: AsyncSession, user_id: int, *, now: datetime) -> None:
    """Let a user try a code unless he missed too often of late. Raises `Throttled`."""
    wait = seconds_to_wait(await guards.list_misses(view, user_id), now)
    if wait:
        raise Throttled(wait)


async def count_miss(tx: AsyncSession, user_id: int, *, now: datetime) -> int:
    """
    Count a wrong code; return 0, or the seconds to wait when the user had no guess left.

    It returns because raising would roll the miss back.
    """
    misses = await guards.list_misses_for_update(tx, user_id, now)
    wait = seconds_to_wait(misses, now)
    if not wait:
        await guards.save_misses(tx, user_id, recent_misses([*misses, now], now))
    return wait


async def forget_misses(tx: AsyncSession, before: datetime) -> None:
    """Drop what is kept of users who missed last before that."""
    await guards.forget_misses(tx, before)


def state_of(exam: Any, questions: object) -> dict[str, Any]:  # noqa: ANN401 - a row or an object
    """Return what results is told of an exam; of a deleted one only that."""
    return {
        "exam_id": exam.id,
        "version": exam.version,
        "questions_version": exam.questions_version,
        "title": exam.title,
        "is_published": exam.is_published,
        "is_active": exam.is_active,
        "is_deleted": exam.is_deleted,
        "questions": [] if exam.is_deleted else questions,
    }


async def exam_state(view: AsyncSession, contents: Contents, exam_id: int) -> Mapping[str, Any]:
    """Return an exam with its key, also a deleted one. Raises `ExamNotFound`."""
    exam = await repository.find_exam(view, exam_id)
    if exam is None:
        raise ExamNotFound
    return state_of(exam, await contents.of(view, exam, Form.STATE))


async def list_exam_states(view: AsyncSession, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Return exams with their keys by id, deleted ones too; fewer when they are long."""
    exams: list[AnyRow] = []
    questions = 0
    for exam in await repository.list_exam_states(view, after=after, limit=limit):
        questions += exam.questions_count
        if exams and questions > STATE_QUESTIONS:
            break
        exams.append(exam)
    found = await questions_of(view, [exam.id for exam in exams if not exam.is_deleted])
    return [state_of(exam, as_state(found.get(exam.id, []))) for exam in exams]


async def list_versions(view: AsyncSession, ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return (id, version) of those of *ids* that there are, deleted ones too."""
    return await repository.list_versions(view, ids)


async def digest_of_exams(view: AsyncSession) -> tuple[int, int]:
    """Return the count and the sum of versions of all exams, deleted ones too."""
    return await repository.digest_of_exams(view)
