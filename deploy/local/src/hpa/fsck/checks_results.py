"""What must hold inside the database of results: every result is whole, single and right."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import case, func, select

from hpa.fsck import tables
from hpa.fsck.reading import Check, Reader

Key = dict[int, frozenset[int]]
"""Question → its right options; none for a written one."""


async def _one_per_student(read: Reader) -> Iterable[str]:
    results = tables.results.c
    pair = (results.exam_id, results.student_id)
    rows = await read.rows(
        "results", select(*pair, func.count()).group_by(*pair).having(func.count() > 1)
    )
    return [f"student {row[1]} has {row[2]} results of exam {row[0]}" for row in rows]


async def _whole(read: Reader) -> Iterable[str]:
    answers, results = tables.answers, tables.results
    joined = answers.outerjoin(results, results.c.id == answers.c.result_id)
    statement = select(answers.c.id, answers.c.result_id).select_from(joined)
    orphans = await read.rows("results", statement.where(results.c.id.is_(None)))
    pair = (answers.c.result_id, answers.c.question_id)
    doubled = await read.rows("results", select(*pair).group_by(*pair).having(func.count() > 1))
    return [
        *(f"answer {row[0]} belongs to result {row[1]}, which is not there" for row in orphans),
        *(f"result {row[0]} has several answers to question {row[1]}" for row in doubled),
    ]


async def _scores(read: Reader) -> Iterable[str]:
    # A result as it was handed in follows the formula; an edited one says what a teacher said.
    found: list[str] = []
    async for first, last, rows in read.chunks("results", tables.results, "id"):
        answers = tables.answers.c
        right = await read.rows(
            "results",
            select(answers.result_id, func.sum(case((answers.is_correct, 1), else_=0)))
            .where(answers.result_id.between(first, last))
            .group_by(answers.result_id),
        )
        counts = {row[0]: int(row[1]) for row in right}
        found.extend(fault for row in rows for fault in _score_faults(row, counts.get(row.id, 0)))
    return found


def _score_faults(result: Any, right: int) -> list[str]:  # noqa: ANN401 - a row
    correct, total = result.correct_answers, result.total_questions
    if not (0 <= correct <= total and 0 <= result.score <= 100):  # noqa: PLR2004 - per cent
        return [f"result {result.id} has {correct} of {total} right, score {result.score}"]
    if result.questions_version is None or result.version > 1:
        return []
    faults = []
    if correct != right:
        faults.append(f"result {result.id} says {correct} right, its answers say {right}")
    formula = round(100 * correct / total, 2) if total else 0.0
    if abs(result.score - formula) > 1e-9:  # noqa: PLR2004 - a float's last bits
        faults.append(f"result {result.id} has the score {result.score}, not {formula}")
    return faults


async def _grading(read: Reader) -> Iterable[str]:
    keys: dict[tuple[int, int], Key | None] = {}
    found: list[str] = []
    async for first, last, rows in read.chunks("results", tables.results, "id"):
        graded = [row for row in rows if row.questions_version is not None]
        versions = {(row.exam_id, row.questions_version) for row in graded}
        keys.update(await _load_keys(read, versions - keys.keys()))
        answers = tables.answers
        part = await read.rows(
            "results", select(answers).where(answers.c.result_id.between(first, last))
        )
        by_result = defaultdict(list)
        for answer in part:
            by_result[answer.result_id].append(answer)
        for row in graded:
            key = keys[(row.exam_id, row.questions_version)]
            found.extend(_grading_faults(row, key, by_result[row.id]))
    return found


async def _load_keys(
    read: Reader, versions: set[tuple[int, int]]
) -> dict[tuple[int, int], Key | None]:
    found: dict[tuple[int, int], Key | None] = dict.fromkeys(versions)
    table = tables.exam_versions.c
    for exam_id, version in versions:
        rows = await read.rows(
            "results",
            select(table.questions).where(
                table.exam_id == exam_id, table.questions_version == version
            ),
        )
        if rows:
            found[exam_id, version] = _key_of(json.loads(rows[0].questions))
    return found


def _key_of(questions: list[dict[str, Any]]) -> Key:
    return {
        int(question["id"]): frozenset(
            int(option["id"])
            for option in question["options"]
            if option["is_correct"] and question["type"] == "test"
        )
        for question in questions
    }


def _grading_faults(result: Any, key: Key | None, answers: list[Any]) -> list[str]:  # noqa: ANN401 - rows
    if key is None:
        version = result.questions_version
        return [f"result {result.id} was graded by version {version}, which is not held"]
    faults = []
    if result.version == 1 and result.total_questions != len(key):
        faults.append(
            f"result {result.id} counts {result.total_questions} questions, not {len(key)}"
        )
    for answer in answers:
        if answer.question_id not in key:
            faults.append(f"answer {answer.id} is to a question of another exam or version")
        elif answer.graded_by is None and answer.is_correct != (
            answer.option_id in key[answer.question_id]
        ):
            faults.append(f"answer {answer.id} is graded {answer.is_correct}, the key says not")
    return faults


CHECKS: Final = (
    Check("results: one per exam and student", _one_per_student),
    Check("results: no half results", _whole),
    Check("results: score and correct_answers follow from the answers", _scores),
    Check("results: every answer is graded by the key of its version", _grading),
)
