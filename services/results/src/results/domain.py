"""Grading: pure rules over one immutable version of an exam (product.md, section 6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from results.errors import AnswersInvalid

UNKNOWN_PK = 'Invalid pk "{}" - object does not exist.'


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a question."""

    id: int
    text: str
    is_correct: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `options` by id."""

    id: int
    text: str
    type: str
    options: Mapping[int, Option]


@dataclass(frozen=True, slots=True)
class ExamVersion:
    """The questions of an exam as they were when they were last replaced; by id, in order."""

    questions: Mapping[int, Question]

    @property
    def total(self) -> int:
        """How many questions count."""
        return len(self.questions)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a student handed in for one question."""

    question_id: int
    option_id: int | None = None
    written_answer: str | None = None


@dataclass(frozen=True, slots=True)
class GradedAnswer:
    """An answer with the texts that it was graded by."""

    question: Question
    option: Option | None
    written_answer: str | None
    is_correct: bool


@dataclass(frozen=True, slots=True)
class Graded:
    """A whole hand-in, graded."""

    answers: Sequence[GradedAnswer] = field(default_factory=tuple)
    correct: int = 0
    total: int = 0

    @property
    def score(self) -> float:
        """The percentage of correct answers."""
        return score_of(self.correct, self.total)


def score_of(correct: int, total: int) -> float:
    """Return the percentage `round(100 * correct / total, 2)`; 0 for no questions."""
    return round(100 * correct / total, 2) if total else 0.0


def grade(version: ExamVersion, answers: Iterable[Answer]) -> Graded:
    """
    Grade *answers*: any correct option counts, written ones wait for a teacher, missing are wrong.

    Raises `AnswersInvalid` when a question is unknown or doubled, or an option is not its own.
    """
    graded: list[GradedAnswer] = []
    problems: list[object] = []
    seen: set[int] = set()
    for answer in answers:
        problem = _problem(version, answer, seen)
        problems.append(problem)
        seen.add(answer.question_id)
        if not problem:
            graded.append(_graded(version.questions[answer.question_id], answer))
    if any(problems):
        raise AnswersInvalid({"answers": problems})
    correct = sum(one.is_correct for one in graded)
    return Graded(graded, correct, version.total)


def _problem(version: ExamVersion, answer: Answer, seen: set[int]) -> dict[str, list[str]]:
    question = version.questions.get(answer.question_id)
    if question is None:
        return {"question_id": [UNKNOWN_PK.format(answer.question_id)]}
    if answer.question_id in seen:
        return {"question_id": ["This question is answered more than once."]}
    if answer.option_id is not None and answer.option_id not in question.options:
        return {"option_id": [UNKNOWN_PK.format(answer.option_id)]}
    return {}


def _graded(question: Question, answer: Answer) -> GradedAnswer:
    option = question.options[answer.option_id] if answer.option_id is not None else None
    is_correct = question.type == "test" and option is not None and option.is_correct
    return GradedAnswer(question, option, answer.written_answer, is_correct)
