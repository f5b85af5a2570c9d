"""The questions of exams as JSON: with the key, without it, and as other services get them."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Final, Protocol

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from exams.repository import questions as repository

Questions = list[dict[str, Any]]

CACHE_BYTES: Final = 16 * 1024 * 1024
MEAN_OVERHEAD: Final = 200
"""About what a key and its place in the cache take, so that empty contents count too."""


class Form(Enum):
    """What a reader gets to see of a question."""

    KEYED = "keyed"
    KEYLESS = "keyless"
    STATE = "state"


class ExamRow(Protocol):
    """The part of an exam, row or object, that names its questions."""

    id: Any
    questions_version: Any


async def questions_of(tx: AsyncSession, exam_ids: Sequence[int]) -> dict[int, Questions]:
    """Return the questions of each exam with all that is known of them, in their order."""
    found: dict[int, Questions] = {exam_id: [] for exam_id in exam_ids}
    options_of: dict[int, list[dict[str, Any]]] = {}
    for row in await repository.list_questions(tx, exam_ids):
        options_of[row.id] = []
        question = {
            "id": row.id,
            "text": row.text,
            "type": row.type,
            "order": row.order,
            "written_answer_sample": row.written_answer_sample,
            "options": options_of[row.id],
        }
        found[row.exam_id].append(question)
    for row in await repository.list_options(tx, exam_ids):
        options_of[row.question_id].append(
            {"id": row.id, "text": row.text, "is_correct": row.is_correct, "order": row.order}
        )
    return found


def without_key(questions: Questions) -> Questions:
    """Return *questions* as a student may see them: named is what stays, not what goes."""
    return [
        {
            "id": question["id"],
            "text": question["text"],
            "type": question["type"],
            "order": question["order"],
            "options": [
                {"id": option["id"], "text": option["text"], "order": option["order"]}
                for option in question["options"]
            ],
        }
        for question in questions
    ]


def as_state(questions: Questions) -> Questions:
    """Return *questions* as results keeps them, to grade by."""
    return [
        {
            "id": question["id"],
            "text": question["text"],
            "type": question["type"],
            "order": question["order"],
            "options": [
                {"id": option["id"], "text": option["text"], "is_correct": option["is_correct"]}
                for option in question["options"]
            ],
        }
        for question in questions
    ]


SHAPES: Final[dict[Form, Callable[[Questions], Questions]]] = {
    Form.KEYED: lambda questions: questions,
    Form.KEYLESS: without_key,
    Form.STATE: as_state,
}


def rendered(questions: Questions, form: Form) -> orjson.Fragment:
    """Return *questions* as JSON, ready to stand in an answer."""
    return orjson.Fragment(orjson.dumps(SHAPES[form](questions)))


class Contents:
    """
    Remembers rendered questions; those of one `questions_version` never change.

    Only what a read transaction saw is kept: a write transaction may still roll back, and its
    version would then be given to other questions.
    """

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        """Keep at most *limit* bytes."""
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[int, int, Form], bytes] = OrderedDict()

    async def of(self, view: AsyncSession, exam: ExamRow, form: Form) -> orjson.Fragment:
        """Return the questions of *exam*, which *view* has just read."""
        kept = self.kept(exam, form)
        if kept is not None:
            return kept
        questions = await questions_of(view, [exam.id])
        content = orjson.dumps(SHAPES[form](questions[exam.id]))
        self._keep((exam.id, exam.questions_version, form), content)
        return orjson.Fragment(content)

    def kept(self, exam: ExamRow, form: Form) -> orjson.Fragment | None:
        """Return the questions of *exam* if they are remembered."""
        key = (exam.id, exam.questions_version, form)
        content = self._kept.get(key)
        if content is None:
            return None
        self._kept.move_to_end(key)
        return orjson.Fragment(content)

    def _keep(self, key: tuple[int, int, Form], content: bytes) -> None:
        if key in self._kept:
            return
        self._kept[key] = content
        self._size += len(content) + MEAN_OVERHEAD
        while self._size > self._limit:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest) + MEAN_OVERHEAD
