"""One part down leaves the others working: the table of the promises, cell by cell."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.e2e.containers import COMPOSE
from tests.e2e.running import PASSWORD
from tests.e2e.suite import Person, Suite, answers_to, exam_body
from tests.faults.faults import GATEWAY_NOTICES, Faults, Way

W, L, R = "works", "works, may lag", "refused"
BESIDE = ("documents", "streams", "messaging-sender")
"""Parts that no cell of the table needs."""

#                  login  exams  write  submit results messages send work logs attendance
DOWN = {
    "auth":       (R,     W,     W,     W,     W,      W,       L,   W,        W),
    "exams":      (W,     R,     R,     W,     W,      W,       W,   W,        W),
    "results":    (W,     L,     W,     R,     R,      W,       W,   W,        W),
    "messaging":  (W,     W,     W,     W,     W,      R,       R,   W,        W),
    "worklogs":   (W,     W,     W,     W,     W,      W,       W,   R,        R),
    "nats":       (W,     W,     W,     W,     W,      W,       W,   L,        L),
}  # fmt: skip


@dataclass
class Academy:
    """People and exams from before the part went down."""

    suite: Suite
    teacher: Person
    students: list[Person]
    subject: int
    exams: list[dict[str, object]]

    async def login(self) -> httpx2.Response:
        body = {"username": self.teacher.user["username"], "password": PASSWORD}
        return await self.suite.nobody.ask("POST", "/login/", body)

    async def read_exams(self) -> httpx2.Response:
        await self.students[0].get("/exams/")
        return await self.students[0].ask("GET", f"/exams/{self.exams[0]['id']}/")

    async def write_exams(self) -> httpx2.Response:
        made = await self.teacher.ask("POST", "/exams/", exam_body(self.subject, tests=1))
        if not made.is_success:
            return made
        return await self.teacher.ask("POST", f"/exams/{made.json()['id']}/publish/")

    async def submit(self) -> httpx2.Response:
        exam = self.exams.pop()
        return await self.students[0].ask("POST", f"/exams/{exam['id']}/submit/", answers_to(exam))

    async def read_results(self) -> httpx2.Response:
        return await self.students[0].ask("GET", "/exam-results/")

    async def read_messages(self) -> httpx2.Response:
        return await self.teacher.ask("GET", "/messages/?limit=5")

    async def send_message(self) -> httpx2.Response:
        body = {"text": "Salom", "recipient_ids": [self.students[1].id]}
        return await self.teacher.ask("POST", "/messages/", body)

    async def read_work_logs(self) -> httpx2.Response:
        return await self.teacher.ask("GET", "/work-logs/?limit=5")

    async def take_attendance(self) -> httpx2.Response:
        body = {"student": self.students[1].id, "status": "present"}
        return await self.teacher.ask("POST", "/attendance/", body)

    def cells(self) -> list[Callable[[], Awaitable[httpx2.Response]]]:
        """Return what the columns of the table try, in their order."""
        return [self.login, self.read_exams, self.write_exams, self.submit, self.read_results,
                self.read_messages, self.send_message, self.read_work_logs,
                self.take_attendance]  # fmt: skip


async def open_academy(suite: Suite, exams: int) -> Academy:
    """Return an academy of which every part knows everything."""
    teacher = await suite.known("employee")
    student = await suite.sign_up("student")
    other = await suite.known("student")
    subject = await teacher.post("/subjects/", {"name": f"Fan {uuid4().hex[:8]}"})
    made = []
    for _ in range(exams):
        exam = await teacher.post("/exams/", exam_body(subject["id"], tests=1))
        await teacher.post(f"/exams/{exam['id']}/publish/")
        made.append(exam)
    return Academy(suite, teacher, [student, other], subject["id"], made)


def breach(verdict: str, answer: httpx2.Response | AssertionError) -> str | None:
    """Say how an answer breaks the table, None when it keeps to it."""
    if isinstance(answer, AssertionError):
        return None if verdict == R and " 503 " in str(answer) else f"{verdict}, but {answer}"
    sent = f"{answer.request.method} {answer.request.url.path}"
    told = f"{sent}: {answer.status_code} {answer.text[:200]}"
    if verdict == R:
        wrong = answer.status_code != 503 or "Retry-After" not in answer.headers
        return f"{verdict}, but {told}" if wrong or "detail" not in answer.json() else None
    return None if answer.is_success else f"{verdict}, but {told}"


async def breaches(academy: Academy, verdicts: tuple[str, ...], *, only: set[str]) -> list[str]:
    """Try the cells of the given verdicts side by side and return what breaks the table."""

    async def one(
        cell: Callable[[], Awaitable[httpx2.Response]],
    ) -> httpx2.Response | AssertionError:
        try:
            return await cell()
        except AssertionError as refused:
            return refused

    tried = [
        (verdict, cell)
        for verdict, cell in zip(verdicts, academy.cells(), strict=True)
        if verdict in only
    ]
    answers = await asyncio.gather(*(one(cell) for _, cell in tried))
    found = [breach(verdict, answer) for (verdict, _), answer in zip(tried, answers, strict=True)]
    return [each for each in found if each]


async def hurt_and_heal(
    suite: Suite, down: AbstractContextManager[None], verdicts: tuple[str, ...]
) -> None:
    """Try every cell while the part is down, and all of them when it is back."""
    academy = await open_academy(suite, exams=6)
    with down:
        at_once = await breaches(academy, verdicts, only={W, L})
        await asyncio.sleep(GATEWAY_NOTICES)  # the time a health check needs, not a guess
        later = await breaches(academy, verdicts, only={W, L, R})
    healed = await breaches(academy, (W,) * 9, only={W})

    assert (at_once, later, healed) == ([], [], [])


WAYS: list[Any] = [
    *((kind, way) for kind in ("sqlite", "postgresql") for way in ("stop", "keep_down")),
    ("compose", "cut"),
    ("compose", "keep_down"),
    # For those who call it, a frozen container is one that was cut off.
    pytest.param("compose", "stop", marks=pytest.mark.chaos),
]


@pytest.mark.parametrize(("running", "way"), WAYS, indirect=["running"])
@pytest.mark.parametrize("part", DOWN)
async def test_one_part_down_is_what_the_table_says(
    suite: Suite, faults: Faults, part: str, way: Way
) -> None:
    await hurt_and_heal(suite, faults.down(part, way), DOWN[part])


@COMPOSE
@pytest.mark.parametrize("way", ["stop", "keep_down"])
async def test_without_the_database_all_is_refused_and_heals(
    suite: Suite, faults: Faults, way: Way
) -> None:
    await hurt_and_heal(suite, faults.down("postgres", way), (R,) * 9)


@pytest.mark.parametrize("running", ["postgresql", "compose"], indirect=True)
async def test_cut_off_from_the_database_all_is_refused_and_heals(
    suite: Suite, faults: Faults
) -> None:
    await hurt_and_heal(suite, faults.down("postgres", "cut"), (R,) * 9)


@COMPOSE
@pytest.mark.parametrize("part", BESIDE)
async def test_a_part_beside_the_table_is_missed_by_nobody(
    suite: Suite, faults: Faults, part: str
) -> None:
    await hurt_and_heal(suite, faults.down(part, "keep_down"), (W,) * 9)


@COMPOSE
@pytest.mark.parametrize("way", ["stop", "keep_down", "cut"])
async def test_the_gateway_heals(suite: Suite, faults: Faults, way: Way) -> None:
    with faults.down("gateway", way):
        assert not suite.running.is_healthy()

    assert suite.running.is_healthy()
