"""Bodies and answers of the results service."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from results import examples
from results.models import Result, ResultAnswer
from shared.http.fields import Day, Id, Input, LongText, NoNul, Whole

MAX_ANSWERS = 500
Score = Annotated[float, Field(ge=0, le=100)]


class AnswerIn(Input):
    """One answer of a hand-in."""

    question_id: Id
    option_id: Id | None = None
    written_answer: Annotated[str, LongText(10_000)] | None = None


class SubmitIn(Input):
    """A hand-in; questions without an answer count as wrong."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUBMIT_BODY]})

    answers: Annotated[list[AnswerIn], Field(max_length=MAX_ANSWERS)]


class ResultIn(Input):
    """A result written by hand."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RESULT_BODY]})

    exam: Id
    student: Id
    score: Score = 0.0
    correct_answers: Whole = 0
    total_questions: Whole = 0
    is_checked: bool = False
    checked_by: Id | None = None


class ResultFilters(BaseModel):
    """What a list of results can be narrowed to."""

    exam: Id | None = None
    student: Id | None = None
    is_checked: bool | None = None
    date_from: Day | None = None
    date_to: Day | None = None


class ExportQuery(ResultFilters):
    """Which results are exported, and as what."""

    search: Annotated[str, Field(max_length=200), NoNul] = Field(
        default="", description="Only those whose exam's title contains this text."
    )
    format: Literal["csv", "xlsx"] = Field(default="csv", description="What to write.")


class GradeIn(Input):
    """A teacher's verdict on one answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.GRADE_BODY]})

    is_correct: bool
    comment: Annotated[str, LongText(10_000)] | None = None


class ResultOut(BaseModel):
    """A result."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RESULT]})

    id: int
    exam: int
    student: int
    score: float
    correct_answers: int
    total_questions: int
    is_checked: bool
    checked_by: int | None
    created_at: datetime


class AnswerOut(BaseModel):
    """One answer of a result, with its own copies of the texts."""

    id: int
    exam_result: int
    question: int
    question_text: str
    option: int | None
    option_text: str | None
    written_answer: str | None
    is_correct: bool


class GradedAnswerOut(AnswerOut):
    """An answer with what the teacher said of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.GRADED]})

    comment: str | None
    graded_by: int | None
    graded_at: datetime | None


class SubmitOut(ResultOut):
    """What a student gets for his hand-in."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUBMITTED]})

    exam_title: str
    answers: list[AnswerOut]


def result_out(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a Result or a row of its columns
    """Return a result as the API shows it."""
    return {
        "id": row.id,
        "exam": row.exam_id,
        "student": row.student_id,
        "score": row.score,
        "correct_answers": row.correct_answers,
        "total_questions": row.total_questions,
        "is_checked": row.is_checked,
        "checked_by": row.checked_by,
        "created_at": row.created_at,
    }


def graded_answer_out(answer: ResultAnswer) -> dict[str, Any]:
    """Return an answer as teachers and its student see it."""
    return {
        "id": answer.id,
        "exam_result": answer.result_id,
        "question": answer.question_id,
        "question_text": answer.question_text,
        "option": answer.option_id,
        "option_text": answer.option_text,
        "written_answer": answer.written_answer,
        "is_correct": answer.is_correct,
        "comment": answer.comment,
        "graded_by": answer.graded_by,
        "graded_at": answer.graded_at,
    }


def kept(result: Result) -> dict[str, Any]:
    """Return a result as the body that would write it, for PATCH."""
    shown = result_out(result)
    return {name: shown[name] for name in ResultIn.model_fields}
