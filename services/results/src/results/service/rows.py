"""Rows and bytes of an accepted hand-in, all of one moment."""

from datetime import datetime
from typing import Any

from results.domain import Graded, GradedAnswer
from shared.contracts.results import ResultChangedV1
from shared.http.replies import dumps

Row = dict[str, Any]


def result_row(
    student_id: int,
    exam: Any,  # noqa: ANN401 - a row of exam_replicas
    graded: Graded,
    result_id: int,
    now: datetime,
) -> Row:
    """Return a row of `results`."""
    return {
        "id": result_id,
        "version": 1,
        "exam_id": exam.exam_id,
        "exam_title": exam.title,
        "questions_version": exam.questions_version,
        "student_id": student_id,
        "score": graded.score,
        "correct_answers": graded.correct,
        "total_questions": graded.total,
        "is_checked": False,
        "checked_by": None,
        "created_at": now,
    }


def answer_row(given: GradedAnswer, result_id: int, answer_id: int) -> Row:
    """Return a row of `answers`, with its own copies of the texts; nobody has graded it yet."""
    return {
        "id": answer_id,
        "result_id": result_id,
        "question_id": given.question.id,
        "question_type": given.question.type,
        "question_text": given.question.text,
        "option_id": given.option.id if given.option else None,
        "option_text": given.option.text if given.option else None,
        "written_answer": given.written_answer,
        "is_correct": given.is_correct,
    }


def response_of(result: Row, answers: list[Row]) -> bytes:
    """Return the answer to a hand-in, as the API document shows it."""
    return dumps(
        {
            "id": result["id"],
            "exam": result["exam_id"],
            "exam_title": result["exam_title"],
            "student": result["student_id"],
            "score": result["score"],
            "correct_answers": result["correct_answers"],
            "total_questions": result["total_questions"],
            "is_checked": False,
            "checked_by": None,
            "created_at": result["created_at"],
            "answers": [
                {
                    "id": row["id"],
                    "exam_result": row["result_id"],
                    "question": row["question_id"],
                    "question_text": row["question_text"],
                    "option": row["option_id"],
                    "option_text": row["option_text"],
                    "written_answer": row["written_answer"],
                    "is_correct": row["is_correct"],
                }
                for row in answers
            ],
        }
    )


def key_row(result: Row, key: str | None, fingerprint: str, response: bytes) -> Row:
    """Return a row of `idempotency_keys`."""
    return {
        "student_id": result["student_id"],
        "key": key,
        "result_id": result["id"],
        "fingerprint": fingerprint,
        "response": response,
        "created_at": result["created_at"],
    }


def event_of(row: Row) -> ResultChangedV1:
    """Return the event of a new result."""
    return ResultChangedV1(
        result_id=row["id"],
        version=row["version"],
        exam_id=row["exam_id"],
        student_id=row["student_id"],
        score=row["score"],
        is_checked=row["is_checked"],
        is_deleted=False,
    )
