"""Entering a code: what it opens, and where guessing ends."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from exams.service import exams as service
from services.exams.tests.people import EXAM_404, Person
from shared.db.engine import Database

ENTERED = [
    "id",
    "title",
    "code",
    "subject",
    "time_limit",
    "is_published",
    "is_active",
    "questions",
]
WRONG = {"code": "ZZZZZZ"}
NOON = datetime(2026, 2, 20, 12, tzinfo=UTC)


async def guess(person: Person, times: int) -> list[int]:
    return [
        (await person.ask("POST", "/exams/enter-code/", WRONG)).status_code for _ in range(times)
    ]


class TestEnterCode:
    async def test_answers_the_keys_of_the_document(self, student: Person, published: Any) -> None:
        found = await student.post("/exams/enter-code/", {"code": published["code"]})

        assert list(found) == ENTERED
        assert found["id"] == published["id"]
        assert [each["id"] for each in found["questions"]] == [
            each["id"] for each in published["questions"]
        ]

    async def test_takes_a_code_in_any_case_and_between_spaces(
        self, student: Person, published: Any
    ) -> None:
        for code in (published["code"].lower(), f"  {published['code']}\n"):
            assert (await student.post("/exams/enter-code/", {"code": code}))["id"]

    async def test_opens_drafts_to_staff_only(
        self, student: Person, teacher: Person, exam: Any
    ) -> None:
        refused = await student.ask("POST", "/exams/enter-code/", {"code": exam["code"]})
        found = await teacher.post("/exams/enter-code/", {"code": exam["code"]})

        assert (refused.status_code, refused.json()) == (404, EXAM_404)
        assert found["questions"] == exam["questions"]

    async def test_asks_for_a_code(self, student: Person, nobody: Person) -> None:
        faults = [
            ({}, "This field is required."),
            ({"code": ""}, "This field may not be blank."),
            ({"code": 5}, "Not a valid string."),
            ({"code": "x" * 101}, "Ensure this field has no more than 100 characters."),
        ]
        for body, fault in faults:
            answer = await student.ask("POST", "/exams/enter-code/", body)

            assert (answer.status_code, answer.json()) == (400, {"code": [fault]})
        assert (await nobody.ask("POST", "/exams/enter-code/", {})).status_code == 401


class TestGuessing:
    async def test_ends_after_ten_misses(
        self, student: Person, teacher: Person, published: Any
    ) -> None:
        assert await guess(student, 12) == [404] * 10 + [429] * 2

        right = await student.ask("POST", "/exams/enter-code/", {"code": published["code"]})
        other = await teacher.ask("POST", "/exams/enter-code/", {"code": published["code"]})

        wait = int(right.headers["Retry-After"])
        assert right.status_code == 429
        assert 290 <= wait <= 300
        assert right.json() == {
            "detail": f"Request was throttled. Expected available in {wait} seconds."
        }
        assert other.status_code == 200

    async def test_ends_even_when_all_guess_at_once(self, student: Person) -> None:
        answers = await asyncio.gather(*(guess(student, 1) for _ in range(25)))

        statuses = [status for answer in answers for status in answer]
        assert (statuses.count(404), statuses.count(429)) == (10, 15)

    async def test_is_allowed_again_after_five_minutes(
        self, student: Person, published: Any
    ) -> None:
        await guess(student, 10)

        with time_machine.travel(datetime.now(UTC) + timedelta(seconds=301), tick=True):
            found = await student.ask("POST", "/exams/enter-code/", {"code": published["code"]})

        assert found.status_code == 200

    async def test_keeps_nobody_out_when_the_clock_went_back_an_hour(
        self, student: Person, published: Any
    ) -> None:
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=True):
            await guess(student, 12)

        found = await student.ask("POST", "/exams/enter-code/", {"code": published["code"]})

        assert found.status_code == 200

    async def test_is_not_counted_when_the_code_is_right(
        self, student: Person, published: Any
    ) -> None:
        for _ in range(3):
            await guess(student, 3)
            await student.post("/exams/enter-code/", {"code": published["code"]})

        assert await guess(student, 2) == [404, 429]

    async def test_counts_what_cannot_be_a_code_and_drafts(
        self, student: Person, exam: Any
    ) -> None:
        for code in ("AB12CD", "x", "ЫЫЫЫЫЫ", exam["code"]):
            await student.ask("POST", "/exams/enter-code/", {"code": code})

        assert await guess(student, 7) == [404] * 6 + [429]

    async def test_is_counted_over_processes_with_a_sliding_window(
        self, database: Database
    ) -> None:
        moments = [NOON + timedelta(minutes=minute) for minute in (0, 1, 2, 3, 4)]

        waits = []
        for moment in [each for each in moments for _ in range(3)]:
            async with database.transaction() as tx:
                waits.append(await service.count_miss(tx, 10, now=moment))

        assert [bool(wait) for wait in waits] == [False] * 10 + [True] * 5
        assert waits[-1] == 60

    async def test_leaves_one_short_row_a_user_that_goes_in_time(self, database: Database) -> None:
        for place in range(40):
            async with database.transaction() as tx:
                await service.count_miss(tx, 10 + place % 2, now=NOON + timedelta(minutes=place))

        async with database.transaction() as tx:
            await service.forget_misses(tx, NOON + timedelta(minutes=39))
        async with database.transaction() as tx:
            kept = await service.count_miss(tx, 11, now=NOON + timedelta(minutes=39))

        assert kept == 0
