"""The checker of the fault tests finds what is planted, and lets pass what is right."""

from typing import Any

import pytest

from tests.faults.checker import ALREADY, Attempt, violations


def stored(**fields: Any) -> dict[str, Any]:
    return {"id": 5, "exam": 1, "student": 10, "score": 50.0, "answers": [{}, {}]} | fields


def told(**fields: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"id": 5, "score": 50.0} | fields


def attempt(*answers: tuple[int, dict[str, Any]] | None) -> Attempt:
    return Attempt(student=10, exam=1, score=50.0, questions=2, answers=list(answers))


class TestWhatIsRight:
    @pytest.mark.parametrize(
        "answers",
        [
            [told()],
            [None, (503, {"detail": "…"}), told(), told()],
            [None, (409, {"detail": "…"}), (400, {"error": ALREADY})],
            [None],
        ],
    )
    def test_passes(self, answers: list[tuple[int, dict[str, Any]] | None]) -> None:
        assert not violations([attempt(*answers)], [stored()])

    def test_passes_when_a_broken_line_left_nothing(self) -> None:
        assert not violations([attempt(None, (503, {}))], [])


class TestAPlantedViolation:
    @pytest.mark.parametrize(
        ("answers", "results", "word"),
        [
            ([told()], [], "lost"),
            ([None, (400, {"error": ALREADY})], [], "lost"),
            ([told()], [stored(), stored(id=6)], "doubled"),
            ([told()], [stored(id=6)], "another result"),
            ([told(score=100.0)], [stored()], "another result"),
            ([told()], [stored(answers=[{}])], "half a result"),
            ([None], [stored(score=0.0)], "a wrong score"),
            ([told(), told(id=6)], [stored()], "two results"),
            ([(400, {"error": "Ushbu test hozirda faol emas."})], [], "falsely refused"),
            ([(404, {"detail": "No Exam matches the given query."})], [], "answered 404"),
            ([(500, {})], [], "answered 500"),
            ([(502, {})], [], "answered 502"),
            ([None], [stored(student=11)], "nobody sent"),
        ],
    )
    def test_is_found(
        self,
        answers: list[tuple[int, dict[str, Any]] | None],
        results: list[dict[str, Any]],
        word: str,
    ) -> None:
        assert word in str(violations([attempt(*answers)], results))
