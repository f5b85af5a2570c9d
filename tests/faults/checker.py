"""What was asked and what was answered during a fault, and what must be true of it afterwards."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

ALREADY = "Siz bu testni allaqachon topshirgansiz."
HONEST = frozenset({200, 400, 409, 503})
"""What a submit may be answered during a fault; anything else is a fault of ours."""


@dataclass
class Attempt:
    """One student's hand-in of one exam: every answer that he got, None when the line broke."""

    student: int
    exam: int
    score: float
    questions: int
    answers: list[tuple[int, dict[str, Any]] | None] = field(default_factory=list)

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """Return the results that the student was told."""
        return [answer[1] for answer in self.answers if answer and 200 <= answer[0] < 300]


def violations(attempts: list[Attempt], stored: list[dict[str, Any]]) -> list[str]:
    """Compare what was told with what is stored; results in *stored* carry their `answers`."""
    asked = {(each.exam, each.student): each for each in attempts}
    kept = {(each["exam"], each["student"]): each for each in stored}
    doubled = [
        f"doubled: {pair}"
        for pair, count in Counter((each["exam"], each["student"]) for each in stored).items()
        if count > 1
    ]
    unasked = [f"nobody sent: {pair}" for pair in kept if pair not in asked]
    return (
        doubled
        + unasked
        + [one for each in attempts for one in _told_wrongly(each)]
        + [one for pair, each in asked.items() for one in _lost(each, kept.get(pair))]
        + [one for pair, each in kept.items() if pair in asked for one in _wrong(asked[pair], each)]
    )


def _told_wrongly(attempt: Attempt) -> list[str]:
    pair = (attempt.exam, attempt.student)
    found = [
        f"answered {answer[0]}: {pair}: {str(answer[1])[:200]}"
        for answer in attempt.answers
        if answer and answer[0] not in HONEST
    ]
    found += [
        f"falsely refused: {pair}: {answer[1]}"
        for answer in attempt.answers
        if answer and answer[0] == 400 and answer[1].get("error") != ALREADY
    ]
    if len({result["id"] for result in attempt.accepted}) > 1:
        found.append(f"two results were told: {pair}")
    return found


def _lost(attempt: Attempt, kept: dict[str, Any] | None) -> list[str]:
    pair = (attempt.exam, attempt.student)
    if kept is None:
        told_stored = [a for a in attempt.answers if a and a[0] == 400]
        return [f"lost: {pair}"] if attempt.accepted or told_stored else []
    return [
        f"another result than told: {pair}"
        for told in attempt.accepted
        if (told["id"], told["score"]) != (kept["id"], kept["score"])
    ]


def _wrong(attempt: Attempt, kept: dict[str, Any]) -> list[str]:
    pair = (attempt.exam, attempt.student)
    found = []
    if len(kept["answers"]) != attempt.questions:
        found.append(f"half a result: {pair}: {len(kept['answers'])} of {attempt.questions}")
    if kept["score"] != attempt.score:
        found.append(f"a wrong score: {pair}: {kept['score']}, not {attempt.score}")
    return found
