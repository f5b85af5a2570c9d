"""Grading, against the rule counted naively."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results import domain
from results.domain import Answer, ExamVersion, Option, Question
from results.errors import AnswersInvalid


@st.composite
def exams(draw: st.DrawFn) -> ExamVersion:
    """An exam of up to 30 questions; ids are unique over all of it."""
    questions = {}
    for n in range(1, draw(st.integers(0, 30)) + 1):
        kind = draw(st.sampled_from(["test", "written"]))
        count = draw(st.integers(2, 6)) if kind == "test" else draw(st.integers(0, 2))
        options = {
            n * 100 + m: Option(n * 100 + m, f"option {m}", draw(st.booleans()))
            for m in range(count)
        }
        questions[n] = Question(n, f"question {n}", kind, options)
    return ExamVersion(questions)


@st.composite
def handed_in(draw: st.DrawFn) -> tuple[ExamVersion, list[Answer]]:
    """An exam and answers to some of its questions, all of them possible."""
    version = draw(exams())
    chosen = draw(st.permutations(list(version.questions)))
    chosen = chosen[: draw(st.integers(0, len(chosen)))]
    answers = []
    for question_id in chosen:
        options = [None, *version.questions[question_id].options]
        written = draw(st.none() | st.text(max_size=5))
        answers.append(Answer(question_id, draw(st.sampled_from(options)), written))
    return version, answers


def naive_correct(version: ExamVersion, answers: list[Answer]) -> int:
    """Count correct answers the slow way, straight from the rule."""
    correct = 0
    for question in version.questions.values():
        for answer in answers:
            right = {option.id for option in question.options.values() if option.is_correct}
            if (
                answer.question_id == question.id
                and question.type == "test"
                and answer.option_id in right
            ):
                correct += 1
    return correct


class TestGrade:
    @given(handed_in())
    def test_agrees_with_the_rule_counted_naively(
        self, case: tuple[ExamVersion, list[Answer]]
    ) -> None:
        version, answers = case

        graded = domain.grade(version, answers)

        assert graded.correct == naive_correct(version, answers)
        assert graded.total == len(version.questions)
        assert [one.question.id for one in graded.answers] == [one.question_id for one in answers]
        expected = round(100 * graded.correct / graded.total, 2) if graded.total else 0
        assert graded.score == expected

    @given(handed_in(), st.integers(10_000, 20_000))
    def test_refuses_a_foreign_question_whatever_else_is_right(
        self, case: tuple[ExamVersion, list[Answer]], foreign: int
    ) -> None:
        version, answers = case

        with pytest.raises(AnswersInvalid) as refusal:
            domain.grade(version, [*answers, Answer(foreign)])

        problems = refusal.value.errors
        assert isinstance(problems, dict)
        assert problems["answers"][:-1] == [{}] * len(answers)  # type: ignore[index]

    def test_counts_any_correct_option(self) -> None:
        options = {1: Option(1, "a", is_correct=True), 2: Option(2, "b", is_correct=True)}
        version = ExamVersion({1: Question(1, "?", "test", options)})

        assert domain.grade(version, [Answer(1, 2)]).correct == 1

    def test_leaves_written_answers_to_the_teacher(self) -> None:
        options = {1: Option(1, "a", is_correct=True)}
        version = ExamVersion({1: Question(1, "?", "written", options)})

        assert domain.grade(version, [Answer(1, 1, "text")]).correct == 0


class TestScoreOf:
    @pytest.mark.parametrize(
        ("correct", "total", "score"),
        [(17, 20, 85.0), (0, 0, 0.0), (1, 3, 33.33), (2, 3, 66.67), (20, 20, 100.0)],
    )
    def test_is_the_rounded_percentage(self, correct: int, total: int, score: float) -> None:
        assert domain.score_of(correct, total) == score
