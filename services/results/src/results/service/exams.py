"""Keeping the replica of exams."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from results.domain import ExamVersion, Option, Question
from results.repository import exams as repository
from shared.db.brief import Writing
from shared.db.glance import Glance

Version = tuple[int, int]
"""An exam, and the version of its questions."""
READY_QUESTIONS: Final = 5000
"""About 1.5 KiB each."""


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
    """Return the version of each exam that is held with its questions."""
    return await repository.find_versions(tx, ids)


async def is_held(tx: AsyncSession, state: dict[str, Any]) -> bool:
    """Tell whether this very state of an exam, or a newer one, is held with its questions."""
    exam_id = state["exam_id"]
    exam = (await repository.find_exams(tx, [exam_id])).get(exam_id)
    if exam is None or exam.version < state["version"]:
        return False
    key = (exam_id, exam.questions_version)
    return bool(exam.is_deleted or await repository.find_questions(tx, [key]))


async def find_title(look: Glance, exam_id: int) -> str | None:
    """Return the title of an exam that exists, else None."""
    row = (await repository.find_exams(look, [exam_id])).get(exam_id)
    return None if row is None or row.is_deleted else str(row.title)


async def digest(tx: AsyncSession) -> tuple[int, int]:
    """Return (count, sum of versions) of what is held."""
    return await repository.digest(tx)


class Versions:
    """Keeps versions of exams ready to grade by; they never change, so they are read once."""

    def __init__(self, limit: int = READY_QUESTIONS) -> None:
        """Keep versions with at most *limit* questions altogether."""
        self._limit = limit
        self._size = 0
        self._ready: OrderedDict[Version, ExamVersion] = OrderedDict()

    async def find(self, tx: Writing, wanted: Sequence[Version]) -> dict[Version, ExamVersion]:
        """Return those of *wanted* that are held."""
        found = {key: self._ready[key] for key in wanted if key in self._ready}
        for key in found:
            self._ready.move_to_end(key)
        absent = [key for key in wanted if key not in found]
        if absent:
            for key, questions in (await repository.find_questions(tx, absent)).items():
                found[key] = version_of(questions)
                self._keep(key, found[key])
        return found

    def _keep(self, key: Version, version: ExamVersion) -> None:
        self._ready[key] = version
        self._size += version.total + 1
        while self._size > self._limit:
            _, oldest = self._ready.popitem(last=False)
            self._size -= oldest.total + 1


def version_of(questions: bytes) -> ExamVersion:
    """Read a version's questions."""
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
