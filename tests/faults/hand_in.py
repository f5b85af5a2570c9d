"""A class that hands in exams until each is accepted, and keeps its history."""

import asyncio
from math import inf
from typing import Any
from uuid import uuid4

import httpx2

from shared.testing.waiting import eventually
from tests.e2e.suite import Person, Suite, answers_to
from tests.faults.checker import Expected, Pair, violations
from tests.faults.history import Answered, Broken, History, Sent

PATIENCE = 60.0
NO_ROUTES_YET = "404 page not found\n"
"""Traefik listens some milliseconds before it has read its routes, when it was killed itself."""


class Class:
    """Some students and some exams, of which every pair is handed in once."""

    def __init__(
        self, suite: Suite, teacher: Person, students: list[Person], history: History
    ) -> None:
        self.suite = suite
        self.teacher = teacher
        self.students = students
        self.exams: list[Any] = []
        self.history = history
        self.expected: dict[Pair, Expected] = {}

    async def new_exam(self) -> Any:
        """Let the teacher publish one exam more."""
        self.exams.append(await self.suite.make_exam(self.teacher))
        return self.exams[-1]

    async def hand_in(self, *, at_once: int) -> None:
        """Hand in everything, each with a key of its own until it is accepted."""
        places = asyncio.Semaphore(at_once)

        async def one(student: Person, exam: Any) -> None:
            async with places:
                await self.persist(student, exam, uuid4().hex)

        await asyncio.gather(
            *(one(student, exam) for exam in self.exams for student in self.students)
        )

    async def persist(self, student: Person, exam: Any, key: str | None) -> Answered:
        """Hand in until it is accepted, or refused because it is there already."""

        async def once() -> Answered | None:
            end = await self.send(student, exam, key)
            is_over = isinstance(end, Answered) and end.status in (200, 400)
            return end if is_over and isinstance(end, Answered) else None

        accepted = await eventually(once, seconds=PATIENCE)
        assert accepted is not None
        return accepted

    async def send(self, student: Person, exam: Any, key: str | None) -> Answered | Broken:
        """Submit once; how much of it is right depends on who and what, so that scores differ."""
        body, self.expected[exam["id"], student.id] = _answers(student, exam)
        number = self.history.sent(student.id, exam["id"], key)
        headers = {"Idempotency-Key": key} if key else {}
        try:
            answer = await student.ask(
                "POST", f"/exams/{exam['id']}/submit/", body, headers=headers
            )
        except httpx2.TransportError as error:
            return self.history.broken(number, repr(error))
        if answer.text == NO_ROUTES_YET:
            return self.history.broken(number, answer.text)
        return self.history.answered(number, answer.status_code, answer.json(), answer.headers)

    async def violations(self, *, slowest: float = inf) -> list[str]:
        """Read everything back and compare it with the history of these exams."""
        mine = {exam["id"] for exam in self.exams}
        events = [
            each for each in self.history.events if not isinstance(each, Sent) or each.exam in mine
        ]
        return violations(events, await self._stored(), self.expected, slowest=slowest)

    async def _stored(self) -> list[dict[str, Any]]:
        """Read every result with its answers."""
        found = []
        for exam in self.exams:
            for result in await self.teacher.get(f"/exam-results/?exam={exam['id']}"):
                answers = await self.teacher.get(f"/exam-results/{result['id']}/answers/")
                found.append({**result, "answers": answers})
        return found

    async def counts(self) -> list[int]:
        """Return how many participants exams counts, by exam."""
        listed = {each["id"]: each for each in await self.teacher.get("/exams/")}
        return [listed[exam["id"]]["participants_count"] for exam in self.exams]

    async def counted(self, *, seconds: float) -> None:
        """Wait until exams counts every participant."""
        expected = [len(self.students)] * len(self.exams)
        await eventually(self.counts, until=lambda found: found == expected, seconds=seconds)


def _answers(student: Person, exam: Any) -> tuple[dict[str, Any], Expected]:
    """Return what a student hands in, always the same, and what it is worth."""
    questions = len(exam["questions"])
    right = (student.id + exam["id"]) % (questions + 1)
    return answers_to(exam, right=right), Expected(100.0 * right / questions, questions)


async def open_class(suite: Suite, history: History, *, students: int, exams: int) -> Class:
    """Return a class that has its exams before it and nothing handed in."""
    teacher = await suite.known("employee")
    pupils = await suite.sign_up_many("student", students)
    group = Class(suite, teacher, pupils, history)
    for _ in range(exams):
        await group.new_exam()
    return group
