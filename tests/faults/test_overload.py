"""Ten times too much load makes the suite slower, not broken (O2)."""

import asyncio
import time
from collections import Counter

import httpx2
import pytest

from tests.e2e.suite import Suite
from tests.faults.hand_in import open_class
from tests.faults.history import History

LOAD = [pytest.param(4, id="short"), pytest.param(30, id="long", marks=pytest.mark.chaos)]
CLIENTS = 300
NORMAL_SECONDS = 10


@pytest.mark.parametrize("seconds", LOAD)
async def test_overload_is_refused_and_forgotten(
    suite: Suite, history: History, seconds: int
) -> None:
    group = await open_class(suite, history, students=4, exams=5)
    statuses: Counter[int] = Counter()
    wrong: list[str] = []
    end = time.monotonic() + seconds

    async def press(place: int) -> None:
        person = group.students[place % 4] if place % 2 else group.teacher
        while time.monotonic() < end:
            try:
                answer = await person.ask("GET", "/exam-results/" if place % 3 else "/exams/")
            except httpx2.TransportError as broken:
                wrong.append(repr(broken))
                continue
            statuses[answer.status_code] += 1
            if answer.status_code == 503 and "Retry-After" not in answer.headers:
                wrong.append(answer.text)

    async with asyncio.TaskGroup() as tasks:
        for place in range(CLIENTS):
            tasks.create_task(press(place))
        await group.hand_in(at_once=4)
    started = time.monotonic()
    suite.running.wait_until_healthy(NORMAL_SECONDS)
    calm = await group.teacher.ask("GET", "/exam-results/?limit=5")
    took = time.monotonic() - started

    assert not wrong
    assert set(statuses) <= {200, 503}, statuses
    assert statuses[200] > 0
    assert not await group.violations()
    assert (calm.status_code, took <= NORMAL_SECONDS) == (200, True)
