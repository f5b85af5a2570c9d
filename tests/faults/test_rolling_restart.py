"""A rolling restart fails no request (G1): two processes of results, one after the other."""

import asyncio

import pytest

from tests.e2e.local import PROCESSES
from tests.e2e.suite import Suite
from tests.faults.faults import Faults
from tests.faults.hand_in import open_class
from tests.faults.history import Answered, History

REQUESTS = [pytest.param(100, id="short"), pytest.param(10_000, id="long", marks=pytest.mark.chaos)]


@PROCESSES
@pytest.mark.parametrize("requests", REQUESTS)
async def test_no_request_fails(
    suite: Suite, faults: Faults, history: History, requests: int
) -> None:
    group = await open_class(suite, history, students=4, exams=4)
    wrong: list[object] = []
    asked = 0
    over = asyncio.Event()

    async def keep_asking(place: int) -> None:
        nonlocal asked
        student, turn = group.students[place], 0
        while not over.is_set():
            exam = group.exams[turn % len(group.exams)]
            answer = await group.send(student, exam, f"{place}-{exam['id']}")
            listed = await student.ask("GET", "/exam-results/my-results/")
            if (
                not isinstance(answer, Answered)
                or answer.status != 200
                or listed.status_code != 200
            ):
                wrong.append((answer, listed.status_code))
            turn, asked = turn + 1, asked + 2

    async with asyncio.TaskGroup() as tasks:
        asking = [tasks.create_task(keep_asking(place)) for place in range(4)]
        try:
            while asked < requests:
                await asyncio.to_thread(faults.restart, "results")
        finally:
            over.set()
    assert all(task.done() for task in asking)
    assert not wrong
    assert not await group.violations()
