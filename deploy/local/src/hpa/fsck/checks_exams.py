"""What must hold inside the database of exams."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from sqlalchemy import func, select

from hpa.fsck import tables
from hpa.fsck.reading import Check, Reader

CODE: Final = re.compile(r"[A-HJKMNP-Z2-9]{6}")


async def _codes(read: Reader) -> Iterable[str]:
    rows = await read.rows("exams", select(tables.exams.c.id, tables.exams.c.code))
    uses = Counter(row.code for row in rows)
    return [
        f"exam {row.id} has the code {row.code}"
        for row in rows
        if uses[row.code] > 1 or not CODE.fullmatch(row.code)
    ]


async def _question_counts(read: Reader) -> Iterable[str]:
    questions = tables.questions.c
    found = await read.rows(
        "exams", select(questions.exam_id, func.count()).group_by(questions.exam_id)
    )
    counts = {row[0]: row[1] for row in found}
    exams = tables.exams.c
    rows = await read.rows(
        "exams", select(exams.id, exams.questions_count).where(~exams.is_deleted)
    )
    return [
        f"exam {row.id} says {row.questions_count} questions and has {counts.get(row.id, 0)}"
        for row in rows
        if row.questions_count != counts.get(row.id, 0)
    ]


async def _options(read: Reader) -> Iterable[str]:
    options = tables.options.c
    found = await read.rows(
        "exams",
        select(options.question_id, options.is_correct, func.count()).group_by(
            options.question_id, options.is_correct
        ),
    )
    right: Counter[int] = Counter()
    total: Counter[int] = Counter()
    for question_id, is_correct, count in found:
        total[question_id] += count
        right[question_id] += count if is_correct else 0
    questions = tables.questions.c
    rows = await read.rows("exams", select(questions.id).where(questions.type == "test"))
    return [
        f"question {row.id} has {total[row.id]} options, {right[row.id]} of them right"
        for row in rows
        if total[row.id] < 2 or right[row.id] < 1  # noqa: PLR2004 - something to choose from
    ]


CHECKS: Final = (
    Check("exams: every code is well formed and unique", _codes),
    Check("exams: questions_count is the number of questions", _question_counts),
    Check("exams: every test question can be answered rightly", _options),
)
