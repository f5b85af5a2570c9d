"""Exams as they come in files: their own fields from the form, a question from every row."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from exams.domain import (
    DESCRIPTION_LENGTH,
    OPTION_LIMIT,
    TIME_LIMIT_MAX,
    TITLE_LENGTH,
)
from exams.schemas.exams import QuestionCreate
from exams.service.authoring import ExamDraft
from shared.errors import Invalid
from shared.http.body import check
from shared.http.fields import Day, Id, Input, LongText, Text
from shared.sheets import Line

CORRECT: Final = "correct"
OPTIONS: Final = tuple(f"option_{place}" for place in range(1, OPTION_LIMIT + 1))
PLAIN: Final = ("text", "type", "written_answer_sample")
COLUMNS: Final = (*PLAIN, CORRECT, *OPTIONS)
REQUIRED: Final = ("text",)
WHICH: Final = "Give the numbers or letters of the right options, for example 1 or A,C."
NO_OPTION: Final = "A right option is blank."
_CHOICE: Final = re.compile(r"[0-9]{1,2}|[a-z]", re.ASCII)


class ExamForm(Input):
    """The fields of an exam whose questions come in a file; it is a draft until it is published."""

    title: Annotated[str, Text(TITLE_LENGTH)] = Field(examples=["Ingliz tili - 1-hafta imtihon"])
    subject: Id = Field(examples=[2])
    date: Day = Field(examples=["2026-02-20"])
    description: Annotated[str, LongText(DESCRIPTION_LENGTH)] | None = None
    time_limit: Annotated[int, Field(ge=0, le=TIME_LIMIT_MAX)] = 0

    def draft(self, questions: list[QuestionCreate]) -> ExamDraft:
        """Return the exam with *questions* for the use cases."""
        columns = self.model_dump(exclude={"subject"})
        columns |= {"subject_id": self.subject, "is_published": False, "is_active": True}
        return ExamDraft(columns, [question.draft() for question in questions])


def question_of(line: Line) -> QuestionCreate:
    """
    Return the question that stands in a row. Raises `Invalid`.

    Without a type it is a test when it has options, else a written one.
    """
    if line.faults:
        raise Invalid(dict(line.faults))
    cells = line.cells
    options = {place: cells[name] for place, name in enumerate(OPTIONS, 1) if name in cells}
    right = _right_ones(cells.get(CORRECT, ""), options)
    body: dict[str, Any] = {
        "type": "test" if options else "written",
        **{name: cells[name] for name in PLAIN if name in cells},
        "options": [
            {"text": text, "is_correct": place in right} for place, text in options.items()
        ],
    }
    return check(QuestionCreate, body)


def _right_ones(typed: str, options: Mapping[int, str]) -> set[int]:
    """Return the places that *typed* names, as numbers or letters."""
    names = re.split(r"[\s,;]+", typed.casefold()) if typed else []
    if not all(_CHOICE.fullmatch(name) for name in names):
        raise Invalid.field(CORRECT, WHICH)
    places = {int(name) if name.isdigit() else ord(name) - ord("a") + 1 for name in names}
    if not places <= options.keys():
        raise Invalid.field(CORRECT, NO_OPTION)
    return places
