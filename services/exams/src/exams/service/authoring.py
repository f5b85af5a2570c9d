"""Writing exams: each change counts the version up and is told in the same transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from exams.domain import (
    CODE_TRIES,
    OptionDraft,
    QuestionDraft,
    arranged,
    folded,
    new_code,
    title_of_copy,
)
from exams.errors import CodesExhausted, SubjectNotFound, UnknownSubject
from exams.models import Exam
from exams.repository import exams as repository
from exams.repository import participants, subjects
from exams.repository import questions as question_rows
from exams.service.contents import Questions, questions_of
from shared.contracts.exams import ExamChangedV1
from shared.events.outbox import emit

DrawCode = Callable[[], str]


@dataclass(frozen=True, slots=True)
class ExamDraft:
    """What an author gives: columns of the exam, and questions unless they stay as they are."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    questions: Sequence[QuestionDraft] | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """An exam as it is after a change, with its questions."""

    exam: Exam
    questions: Questions


async def create_exam(
    tx: AsyncSession,
    draft: ExamDraft,
    *,
    author_id: int,
    now: datetime,
    draw_code: DrawCode = new_code,
) -> Written:
    """Write a new exam under a code of its own. Raises `UnknownSubject`, `CodesExhausted`."""
    await _require_subject(tx, draft.columns["subject_id"])
    questions = arranged(draft.questions or ())
    exam_id = await _add_exam(
        tx,
        {
            **draft.columns,
            "created_by": author_id,
            "created_at": now,
            "questions_count": len(questions),
            "participants_count": 0,
            "version": 1,
            "questions_version": 1,
            "is_deleted": False,
        },
        draw_code,
    )
    await question_rows.add_questions(tx, exam_id, questions, now)
    # After a restore, results may be known of an exam before the exam is.
    await participants.recount_participants(tx, [exam_id])
    exam = await repository.get_exam_for_update(tx, exam_id)
    await _tell(tx, exam)
    return await _written(tx, exam)


async def edit_exam(tx: AsyncSession, exam_id: int, draft: ExamDraft, *, now: datetime) -> Written:
    """Change what *draft* names. Raises `ExamNotFound`, `UnknownSubject`."""
    exam = await repository.get_exam_for_update(tx, exam_id)
    changes = {name: value for name, value in draft.columns.items() if getattr(exam, name) != value}
    if "subject_id" in changes:
        await _require_subject(tx, changes["subject_id"])
    if changes or draft.questions is not None:
        await _change(tx, exam, changes, draft.questions, now=now)
    return await _written(tx, exam)


async def set_published(
    tx: AsyncSession, exam_id: int, *, is_published: bool, now: datetime
) -> Written:
    """Show an exam to students, or hide it. Raises `ExamNotFound`."""
    return await edit_exam(tx, exam_id, ExamDraft({"is_published": is_published}), now=now)


async def delete_exam(tx: AsyncSession, exam_id: int, *, now: datetime) -> Written:
    """Delete an exam; its row stays, its version and events go on. Raises `ExamNotFound`."""
    exam = await repository.get_exam_for_update(tx, exam_id)
    await _change(tx, exam, {"is_deleted": True}, None, now=now)
    return Written(exam, [])


async def copy_exam(
    tx: AsyncSession,
    exam_id: int,
    *,
    author_id: int,
    now: datetime,
    draw_code: DrawCode = new_code,
) -> Written:
    """Write the same exam once more, unpublished, under a new code. Raises `ExamNotFound`."""
    source = await _written(tx, await repository.get_exam_for_update(tx, exam_id))
    columns = ("subject_id", "description", "time_limit", "is_active", "date")
    draft = ExamDraft(
        {
            **{name: getattr(source.exam, name) for name in columns},
            "title": title_of_copy(source.exam.title),
            "is_published": False,
        },
        [_draft_of(question) for question in source.questions],
    )
    return await create_exam(tx, draft, author_id=author_id, now=now, draw_code=draw_code)


def _draft_of(question: Mapping[str, Any]) -> QuestionDraft:
    return QuestionDraft(
        text=question["text"],
        type=question["type"],
        order=question["order"],
        written_answer_sample=question["written_answer_sample"],
        options=[
            OptionDraft(option["text"], option["is_correct"], option["order"])
            for option in question["options"]
        ],
    )


async def require_subject(view: AsyncSession, subject_id: int) -> None:
    """Say early that a subject does not exist; nothing is locked. Raises `UnknownSubject`."""
    try:
        await subjects.get_subject(view, subject_id)
    except SubjectNotFound:
        raise UnknownSubject(subject_id) from None


async def _require_subject(tx: AsyncSession, subject_id: int) -> None:
    if not await subjects.holds_subject(tx, subject_id):
        raise UnknownSubject(subject_id)


async def _add_exam(tx: AsyncSession, values: dict[str, Any], draw_code: DrawCode) -> int:
    """Insert an exam; the database says whether its code is free."""
    for _ in range(CODE_TRIES):
        code = draw_code()
        named = {"code": code, "search_text": _search_text(values["title"], code)}
        exam_id = await repository.add_exam(tx, {**values, **named})
        if exam_id is not None:
            return exam_id
    raise CodesExhausted


def _search_text(title: str, code: str) -> str:
    return folded(f"{title}\n{code}")


async def _change(
    tx: AsyncSession,
    exam: Exam,
    changes: Mapping[str, Any],
    questions: Sequence[QuestionDraft] | None,
    *,
    now: datetime,
) -> None:
    for name, value in changes.items():
        setattr(exam, name, value)
    exam.version += 1
    exam.search_text = _search_text(exam.title, exam.code)
    if questions is not None:
        exam.questions_version = exam.version
        exam.questions_count = len(questions)
        await question_rows.delete_questions(tx, exam.id)
        await question_rows.add_questions(tx, exam.id, arranged(questions), now)
    await tx.flush()
    await _tell(tx, exam)


async def _tell(tx: AsyncSession, exam: Exam) -> None:
    event = ExamChangedV1(
        exam_id=exam.id,
        version=exam.version,
        questions_version=exam.questions_version,
        title=exam.title,
        is_published=exam.is_published,
        is_active=exam.is_active,
        is_deleted=exam.is_deleted,
    )
    await emit(tx, event)


async def _written(tx: AsyncSession, exam: Exam) -> Written:
    return Written(exam, (await questions_of(tx, [exam.id]))[exam.id])
