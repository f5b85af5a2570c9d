"""Exams as they are written and asked for."""

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from exams.domain import (
    DESCRIPTION_LENGTH,
    OPTION_LENGTH,
    OPTION_LIMIT,
    QUESTION_LENGTH,
    QUESTION_LIMIT,
    TIME_LIMIT_MAX,
    TITLE_LENGTH,
    OptionDraft,
    QuestionDraft,
    QuestionType,
    fault_of_options,
)
from exams.schemas import examples
from exams.service.authoring import ExamDraft
from exams.service.exams import ExamFilter
from shared.http.fields import Day, Id, Input, LongText, Text, Whole
from shared.http.messages import refusal

CODE_INPUT_LENGTH: Final = 100


class OptionCreate(Input):
    """An option as it is written; `order` defaults to its place."""

    text: Annotated[str, Text(OPTION_LENGTH)]
    is_correct: bool = False
    order: Whole = Field(default_factory=int)

    def draft(self) -> OptionDraft:
        """Return the option for the use cases."""
        return OptionDraft(self.text, self.is_correct, _order_of(self, self.order))


def _fitting(options: list[OptionCreate], info: ValidationInfo) -> list[OptionCreate]:
    kind = info.data.get("type")  # absent when it is wrong itself
    fault = fault_of_options(kind, (option.is_correct for option in options)) if kind else None
    if fault:
        raise refusal(fault)
    return options


class QuestionCreate(Input):
    """A question as it is written; `order` defaults to its place."""

    text: Annotated[str, Text(QUESTION_LENGTH)]
    type: QuestionType
    order: Whole = Field(default_factory=int)
    written_answer_sample: Annotated[str, LongText(QUESTION_LENGTH)] | None = None
    options: Annotated[list[OptionCreate], AfterValidator(_fitting)] = Field(
        default_factory=list, max_length=OPTION_LIMIT, validate_default=True
    )

    def draft(self) -> QuestionDraft:
        """Return the question for the use cases."""
        return QuestionDraft(
            text=self.text,
            type=self.type,
            order=_order_of(self, self.order),
            written_answer_sample=self.written_answer_sample,
            options=[option.draft() for option in self.options],
        )


def _order_of(body: Input, order: int) -> int | None:
    return order if "order" in body.model_fields_set else None


class ExamCreate(Input):
    """An exam as it is written; in an edit, questions that are not given stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXAM_BODY]})

    title: Annotated[str, Text(TITLE_LENGTH)]
    subject: Id
    description: Annotated[str, LongText(DESCRIPTION_LENGTH)] | None = None
    time_limit: Annotated[int, Field(ge=0, le=TIME_LIMIT_MAX)] = 0
    is_published: bool = False
    is_active: bool = True
    date: Day
    questions: list[QuestionCreate] = Field(default_factory=list, max_length=QUESTION_LIMIT)

    def draft(self, *, only_given: bool) -> ExamDraft:
        """Return the exam for the use cases; for an edit *only_given* fields."""
        names = self.model_fields_set if only_given else set(ExamCreate.model_fields)
        columns = {COLUMNS.get(name, name): getattr(self, name) for name in names - {"questions"}}
        questions = [question.draft() for question in self.questions]
        return ExamDraft(columns, questions if "questions" in names else None)


COLUMNS: Final = {"subject": "subject_id"}
"""Fields whose column has another name."""


class ExamCode(Input):
    """The code of an exam, in any case."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "AB23CD"}]})

    code: Annotated[str, Text(CODE_INPUT_LENGTH)]


class ExamQuery(BaseModel):
    """The filters of the list of exams."""

    subject: Id | None = None
    created_by: Id | None = None
    is_published: bool | None = None
    is_active: bool | None = None
    date: Day | None = None
    date_from: Day | None = None
    date_to: Day | None = None

    def wanted(self, *, search: str, published_only: bool) -> ExamFilter:
        """Return the filter for the use cases."""
        return ExamFilter(published_only=published_only, search=search, **self.model_dump())
