"""Questions and options: read for many exams at once, replaced for one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from exams.domain import QuestionDraft
from exams.repository.tables import OPTIONS, QUESTIONS, AnyRow

_EXAM_IDS: Final[BindParameter[Any]] = bindparam("exam_ids", expanding=True)
_QUESTIONS: Final = (
    select(*(column for column in QUESTIONS.c if column.name != "created_at"))
    .where(QUESTIONS.c.exam_id.in_(_EXAM_IDS))
    .order_by(QUESTIONS.c.exam_id, QUESTIONS.c.order, QUESTIONS.c.id)
)
_OPTIONS: Final = (
    select(*OPTIONS.c)
    .join(QUESTIONS, QUESTIONS.c.id == OPTIONS.c.question_id)
    .where(QUESTIONS.c.exam_id.in_(_EXAM_IDS))
    .order_by(OPTIONS.c.question_id, OPTIONS.c.order, OPTIONS.c.id)
)


async def list_questions(tx: AsyncSession, exam_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return the questions of *exam_ids*, exam by exam, in their order."""
    return (await tx.execute(_QUESTIONS, {"exam_ids": exam_ids})).all()


async def list_options(tx: AsyncSession, exam_ids: Sequence[int]) -> Sequence[AnyRow]:
    """Return the options of *exam_ids*, question by question, in their order."""
    return (await tx.execute(_OPTIONS, {"exam_ids": exam_ids})).all()


async def delete_questions(tx: AsyncSession, exam_id: int) -> None:
    """Delete the questions of an exam; their options go with them."""
    await tx.execute(delete(QUESTIONS).where(QUESTIONS.c.exam_id == exam_id))


async def add_questions(
    tx: AsyncSession, exam_id: int, drafts: Sequence[QuestionDraft], now: datetime
) -> None:
    """Insert *drafts*, whose orders are set; ids grow in the order of the list."""
    if not drafts:
        return
    rows = [
        {
            "exam_id": exam_id,
            "text": draft.text,
            "type": draft.type,
            "order": draft.order,
            "written_answer_sample": draft.written_answer_sample,
            "created_at": now,
        }
        for draft in drafts
    ]
    added = insert(QUESTIONS).returning(QUESTIONS.c.id, sort_by_parameter_order=True)
    ids = (await tx.scalars(added, rows)).all()
    options = [
        {
            "question_id": question_id,
            "text": option.text,
            "is_correct": option.is_correct,
            "order": option.order,
        }
        for question_id, draft in zip(ids, drafts, strict=True)
        for option in draft.options
    ]
    if options:
        await tx.execute(insert(OPTIONS), options)
