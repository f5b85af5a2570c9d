"""Exams as they are answered: the shapes for the document, and the dicts that are sent."""

from datetime import date as day
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from exams.domain import QuestionType
from exams.schemas import examples


class ExamListed(BaseModel):
    """An exam in the list."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LISTED]})

    id: int
    title: str
    code: str
    subject: int
    subject_name: str
    description: str | None
    time_limit: int
    is_published: bool
    is_active: bool
    date: day
    created_by: int
    created_at: datetime
    questions_count: int
    participants_count: int


class OptionForStudent(BaseModel):
    """An option as students see it."""

    id: int
    text: str
    order: int


class OptionOut(BaseModel):
    """An option as staff see it."""

    id: int
    text: str
    is_correct: bool
    order: int


class QuestionForStudent(BaseModel):
    """A question as students see it."""

    id: int
    text: str
    type: QuestionType
    order: int
    options: list[OptionForStudent]


class QuestionOut(BaseModel):
    """A question as staff see it."""

    id: int
    text: str
    type: QuestionType
    order: int
    written_answer_sample: str | None
    options: list[OptionOut]


class ExamDetailBase(BaseModel):
    """What everybody sees of an exam."""

    id: int
    title: str
    code: str
    subject: int
    description: str | None
    time_limit: int
    is_published: bool
    is_active: bool
    date: day
    created_by: int
    created_at: datetime


class ExamDetail(ExamDetailBase):
    """An exam as staff see it, with its key."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DETAIL]})

    questions: list[QuestionOut]


class ExamDetailForStudent(ExamDetailBase):
    """An exam as students see it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DETAIL_FOR_STUDENT]})

    questions: list[QuestionForStudent]


class ExamEnteredBase(BaseModel):
    """What everybody gets for a code."""

    id: int
    title: str
    code: str
    subject: int
    time_limit: int
    is_published: bool
    is_active: bool


class ExamEntered(ExamEnteredBase):
    """What staff get for a code."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ENTERED]})

    questions: list[QuestionOut]


class ExamEnteredForStudent(ExamEnteredBase):
    """What students get for a code."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ENTERED_FOR_STUDENT]})

    questions: list[QuestionForStudent]


class ExamStatus(BaseModel):
    """What became of the exam, in words."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "Test nashr etildi"}]})

    status: str


def detail_of(exam: Any, questions: Any) -> dict[str, Any]:  # noqa: ANN401 - a row or an object; rendered or not
    """Return an exam as the detail shows it."""
    return {
        "id": exam.id,
        "title": exam.title,
        "code": exam.code,
        "subject": exam.subject_id,
        "description": exam.description,
        "time_limit": exam.time_limit,
        "is_published": exam.is_published,
        "is_active": exam.is_active,
        "date": exam.date,
        "created_by": exam.created_by,
        "created_at": exam.created_at,
        "questions": questions,
    }


def entered_of(exam: Any, questions: Any) -> dict[str, Any]:  # noqa: ANN401 - a row; rendered
    """Return an exam as its code opens it."""
    return {
        "id": exam.id,
        "title": exam.title,
        "code": exam.code,
        "subject": exam.subject_id,
        "time_limit": exam.time_limit,
        "is_published": exam.is_published,
        "is_active": exam.is_active,
        "questions": questions,
    }
