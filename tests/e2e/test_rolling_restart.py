"""A rolling restart fails no request (G1): two processes of results, one after the other."""

import asyncio
import os
import signal

import pytest

from shared.testing.waiting import eventually
from tests.e2e.hand_in import open_class, send
from tests.e2e.local import PROCESSES, Processes
from tests.e2e.suite import Suite

ROUNDS = [pytest.param(1, id="short"), pytest.param(5, id="long", marks=pytest.mark.chaos)]
REPLACED_SECONDS = 40


async def replace_each(suite: Suite) -> None:
    """End each process of results in turn and wait until another stands in its place."""
    running = suite.running
    assert isinstance(running, Processes)
    for pid in running.pids("results"):
        os.kill(pid, signal.SIGTERM)

        async def replaced(gone: int = pid) -> bool:
            pids = running.pids("results")
            return gone not in pids and len(pids) == 2

        await eventually(replaced, seconds=REPLACED_SECONDS)
        await asyncio.to_thread(running.wait_until_healthy)


@PROCESSES
@pytest.mark.parametrize("rounds", ROUNDS)
async def test_no_request_fails(suite: Suite, rounds: int) -> None:
    group = await open_class(suite, students=4, exams=4)
    wrong: list[object] = []
    asked = 0
    over = asyncio.Event()

    async def keep_asking(place: int) -> None:
        nonlocal asked
        student, turn = group.students[place], 0
        while not over.is_set():
            exam = group.exams[turn % len(group.exams)]
            answer = await send(student, exam, f"{place}-{exam['id']}")
            listed = await student.ask("GET", "/exam-results/my-results/")
            if answer is None or answer[0] != 200 or listed.status_code != 200:
                wrong.append((answer, listed.status_code))
            turn, asked = turn + 1, asked + 2

    async with asyncio.TaskGroup() as tasks:
        asking = [tasks.create_task(keep_asking(place)) for place in range(4)]
        try:
            for _ in range(rounds):
                await replace_each(suite)
        finally:
            over.set()
    assert all(task.done() for task in asking)
    assert not wrong
    assert asked > 100 * rounds
