"""Lose the answer to a hand-in that was stored (K3): a retry tells the same result."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.suite import Person, Suite
from tests.faults.faults import Faults
from tests.faults.hand_in import Class, open_class
from tests.faults.history import Answered, Broken, History

STUDENTS = 10
EXAMS = {"sqlite": 25, "postgresql": 25, "compose": 4}
"""250 lost answers with a key and as many without on each database, fewer in containers."""


async def lose_and_retry(
    group: Class, people: list[Person], faults: Faults, exam: Any, keys: list[str | None]
) -> list[Answered | Broken]:
    """Let *people*, on a line that loses every answer, hand in one exam; return the retries'."""
    faults.drop_response("gateway", len(people))
    lost = await asyncio.gather(
        *(group.send(person, exam, key) for person, key in zip(people, keys, strict=True))
    )
    assert all(isinstance(each, Broken) for each in lost)
    return await asyncio.gather(
        *(group.send(student, exam, key) for student, key in zip(group.students, keys, strict=True))
    )


@pytest.fixture
async def told(
    request: pytest.FixtureRequest, suite: Suite, faults: Faults, history: History
) -> list[tuple[Person, Answered]]:
    """Lose answers, with keys or without, and return what each student was told then."""
    exams = EXAMS[request.node.callspec.params["running"]]
    group = await open_class(suite, history, students=STUDENTS, exams=exams)
    found = []
    async with Suite(suite.running, faults.line("gateway"), note=history.exchanged) as lossy:
        people = [lossy.seat(student) for student in group.students]
        for exam in group.exams:
            keys = [uuid4().hex if request.param else None for _ in people]
            ends = await lose_and_retry(group, people, faults, exam, keys)
            found += [
                (student, end)
                for student, end in zip(group.students, ends, strict=True)
                if isinstance(end, Answered)
            ]
    assert not await group.violations()
    assert len(found) == STUDENTS * exams
    return found


@pytest.mark.parametrize("told", [True], indirect=True, ids=["key"])
async def test_a_retry_with_the_key_is_told_the_result(told: list[tuple[Person, Answered]]) -> None:
    assert {(end.status, end.headers.get("idempotency-replayed")) for _, end in told} == {
        (200, "true")
    }


@pytest.mark.parametrize("told", [False], indirect=True, ids=["no key"])
async def test_a_retry_without_a_key_is_told_where_the_result_is(
    told: list[tuple[Person, Answered]],
) -> None:
    assert {end.status for _, end in told} == {400}
    student, end = told[0]
    path = end.headers["location"].removeprefix("/api/v1")
    assert (await student.get(path))["student"] == student.id


@pytest.mark.parametrize("running", ["postgresql"], indirect=True)
async def test_answers_that_the_database_loses_lose_nothing(
    suite: Suite, faults: Faults, history: History
) -> None:
    group = await open_class(suite, history, students=4, exams=10)
    working = asyncio.create_task(group.hand_in(at_once=4))
    line = faults.line("postgres")
    while not working.done():
        faults.drop_response("postgres")
        await asyncio.wait([working], timeout=0.05)
    await working
    dropped = line.dropped
    await asyncio.to_thread(faults.heal)

    assert dropped > 10
    assert not await group.violations()
    await group.counted(seconds=30)
