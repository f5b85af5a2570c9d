"""What is measured: the rush, the lists and the pages that many people open."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from scripts.bench import cost
from scripts.bench.client import Took, request, send_all
from tests.e2e.local import Processes
from tests.e2e.suite import Person, Suite, answers_to, exam_body

QUESTIONS: Final = 20
SETTLE_SECONDS: Final = 1.0
"""After the answers: what the relay and the consumers still do is counted, too."""


@dataclass(frozen=True)
class Measured:
    """One workload: its answers, and the processor time per request of each process."""

    name: str
    took: Took
    cpu_ms: dict[str, float]

    @property
    def total_ms(self) -> float:
        """The processor time per request of the whole suite."""
        return sum(self.cpu_ms.values())

    @property
    def per_second(self) -> float:
        """How many were answered in a second."""
        return len(self.took.latencies) / self.took.seconds


@dataclass(frozen=True)
class Bench:
    """A running suite, and the first process of its database when that is PostgreSQL."""

    running: Processes
    database: int | None = None

    async def measure(self, name: str, requests: Sequence[bytes], connections: int) -> Measured:
        """Send *requests* and count what the suite used, until it is quiet again."""
        before = cost.cpu_seconds(self.running, self.database)
        took = await send_all(self.running.url, requests, connections)
        await asyncio.sleep(SETTLE_SECONDS)
        after = cost.cpu_seconds(self.running, self.database)
        used = {part: 1000 * (after[part] - before[part]) / len(requests) for part in after}
        return Measured(name, took, used)


@dataclass(frozen=True)
class Academy:
    """Whom and what the workloads need."""

    teacher: Person
    students: list[Person]
    exams: list[dict[str, Any]]


async def academy(suite: Suite, name: str, *, students: int, exams: int) -> Academy:
    """Write *exams* of 20 questions on the subject *name*, and sign *students* up."""
    teacher = await suite.sign_up("employee")
    subject = await teacher.post("/subjects/", {"name": name})
    made = []
    for _ in range(exams):
        exam = await teacher.post("/exams/", exam_body(subject["id"], tests=QUESTIONS))
        await teacher.post(f"/exams/{exam['id']}/publish/")
        made.append(exam)
    return Academy(teacher, await suite.sign_up_many("student", students), made)


def submits(who: Academy, exams: Sequence[dict[str, Any]]) -> list[bytes]:
    """Return the hand-ins of every student in every one of *exams*, exam by exam."""
    return [
        request(student, "POST", f"/exams/{exam['id']}/submit/", body)
        for exam in exams
        for body in (orjson.dumps(answers_to(exam)),)
        for student in who.students
    ]


def reads(who: Academy, count: int) -> dict[str, list[bytes]]:
    """Return *count* requests of each page that many people open."""
    student, teacher = who.students[0], who.teacher
    code = orjson.dumps({"code": who.exams[0]["code"]})
    return {
        "exam detail": [request(student, "GET", f"/exams/{who.exams[0]['id']}/")] * count,
        "enter-code": [request(student, "POST", "/exams/enter-code/", code)] * count,
        f"list of {len(who.exams)} exams": [request(student, "GET", "/exams/")] * count,
        "my-results": [request(student, "GET", "/exam-results/my-results/")] * count,
        "exam-results, limit 50": [request(teacher, "GET", "/exam-results/?limit=50")] * count,
        "dashboard": [request(teacher, "GET", "/dashboard/")] * count,
    }
