"""Keeping the replica of exams."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from results.domain import ExamVersion, Option, Question
from results.repository import exams as repository


async def keep_exam(tx: AsyncSession, state: dict[str, Any]) -> None:
    """Keep what exams says of an exam; an older version than the held one changes nothing."""
    exam = {
        name: state[name]
        for name in (
            "exam_id",
            "version",
            "questions_version",
            "title",
            "is_published",
            "is_active",
            "is_deleted",
        )
    }
    questions = None if state["is_deleted"] else orjson.dumps(state["questions"])
    await repository.keep_exam(tx, exam, questions)


async def announce(tx: AsyncSession, exam_id: int, version: int) -> None:
    """Note that there is a newer version than the held one."""
    await repository.announce(tx, exam_id, version)


async def held_versions(tx: AsyncSession, ids: Sequence[int]) -> dict[int, int]:
    """Return the held version of each exam."""
    found = await repository.find_exams(tx, ids)
    return {exam_id: row.version for exam_id, row in found.items()}


async def is_held(tx: AsyncSession, state: dict[str, Any]) -> bool:
    """Tell whether this very state of an exam, or a newer one, is held with its questions."""
    exam_id = state["exam_id"]
    exam = (await repository.find_exams(tx, [exam_id])).get(exam_id)
    if exam is None or exam.version < state["version"]:
        return False
    key = (exam_id, exam.questions_version)
    return bool(exam.is_deleted or await repository.find_questions(tx, [key]))


async def find_title(tx: AsyncSession, exam_id: int) -> str | None:
    """Return the title of an exam that exists, else None."""
    row = (await repository.find_exams(tx, [exam_id])).get(exam_id)
    return None if row is None or row.is_deleted else str(row.title)


async def digest(tx: AsyncSession) -> tuple[int, int]:
    """Return (count, sum of versions) of what is held."""
    return await repository.digest(tx)


@lru_cache(maxsize=64)
def version_of(questions: bytes) -> ExamVersion:
    """Read a version's questions; versions never change, so a few are kept ready."""
    return ExamVersion(
        {
            question["id"]: Question(
                id=question["id"],
                text=question["text"],
                type=question["type"],
                options={
                    option["id"]: Option(option["id"], option["text"], option["is_correct"])
                    for option in question["options"]
                },
            )
            for question in orjson.loads(questions)
        }
    )
