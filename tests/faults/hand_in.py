"""A class that hands in exams again and again until each is accepted, and keeps the record."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2

from shared.testing.waiting import eventually
from tests.e2e.suite import Person, Suite, answers_to
from tests.faults.checker import Attempt

PATIENCE = 60.0
NO_ROUTES_YET = "404 page not found\n"
"""Traefik listens some milliseconds before it has read its routes, when it was killed itself."""


class Class:
    """Some students and some exams, of which every pair is handed in once."""

    def __init__(self, teacher: Person, students: list[Person], exams: list[Any]) -> None:
        self.teacher = teacher
        self.students = students
        self.exams = exams
        self.attempts: list[Attempt] = []

    async def hand_in(self, *, at_once: int) -> None:
        """Hand in everything, each with a key of its own until it is accepted."""
        places = asyncio.Semaphore(at_once)
        await asyncio.gather(
            *(self._one(places, student, exam) for exam in self.exams for student in self.students)
        )

    async def _one(self, places: asyncio.Semaphore, student: Person, exam: Any) -> None:
        attempt = Attempt(student.id, exam["id"], score=100.0, questions=len(exam["questions"]))
        self.attempts.append(attempt)
        key = uuid4().hex

        async def once() -> bool:
            answer = await send(student, exam, key)
            attempt.answers.append(answer)
            return answer is not None and answer[0] in (200, 400)

        async with places:
            await eventually(once, seconds=PATIENCE)

    async def stored(self) -> list[dict[str, Any]]:
        """Read everything back, each result with its answers."""
        found = []
        for exam in self.exams:
            for result in await self.teacher.get(f"/exam-results/?exam={exam['id']}"):
                answers = await self.teacher.get(f"/exam-results/{result['id']}/answers/")
                found.append({**result, "answers": answers})
        return found

    async def counted(self, *, seconds: float) -> None:
        """Wait until exams counts every participant."""

        async def counts() -> list[int]:
            listed = {each["id"]: each for each in await self.teacher.get("/exams/")}
            return [listed[exam["id"]]["participants_count"] for exam in self.exams]

        expected = [len(self.students)] * len(self.exams)
        await eventually(counts, until=lambda found: found == expected, seconds=seconds)


async def send(student: Person, exam: Any, key: str) -> tuple[int, dict[str, Any]] | None:
    """Submit once; None when the line broke before the answer."""
    try:
        answer = await student.ask(
            "POST",
            f"/exams/{exam['id']}/submit/",
            answers_to(exam),
            headers={"Idempotency-Key": key},
        )
    except httpx2.TransportError:
        return None
    return None if answer.text == NO_ROUTES_YET else (answer.status_code, answer.json())


async def open_class(suite: Suite, *, students: int, exams: int) -> Class:
    """Return a class that has its exams before it and nothing handed in."""
    teacher = await suite.known("employee")
    made = [await suite.make_exam(teacher) for _ in range(exams)]
    return Class(teacher, await suite.sign_up_many("student", students), made)
