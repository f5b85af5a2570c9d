"""NATS away for ten minutes of an ordinary day (11): no error, bounded memory, then all is told."""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.testing.waiting import eventually
from tests.e2e.local import Processes
from tests.e2e.running import SERVICES
from tests.e2e.suite import Suite
from tests.faults.faults import Faults, Way
from tests.faults.hand_in import Class, open_class
from tests.faults.history import Answered, Broken, Exchanged, History

AWAY_SECONDS = 600
WARM_SECONDS = 60
PACE_SECONDS = 1.5
STUDENTS = 10
WAITING_EVENTS = 5000
DRAINED_SECONDS = 60
GROWN_MIB = 12
"""What the processes of one service may hold more after ten minutes than after the first."""

pytestmark = pytest.mark.chaos


@dataclass(frozen=True)
class Standing:
    """What the services hold at one moment: memory by service, and events not told yet."""

    memory: dict[str, float]
    waiting: int


def pss_mib(pid: int) -> float:
    """Return the memory of a process, pages that others share by its share in them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def standing(running: Processes) -> Standing:
    """Ask the suite's own tool, and the kernel."""
    parts = json.loads(running.run("status", "--json").stdout)["parts"]
    memory = {service: sum(map(pss_mib, running.pids(service))) for service in SERVICES}
    return Standing(memory, sum(part["lag"]["outbox"] for part in parts if part.get("lag")))


async def work(group: Class, turn: int) -> None:
    """Do a turn of the day: a new exam that all hand in, attendance, scores, a message, reading."""
    teacher, students = group.teacher, group.students
    exam = await group.new_exam()
    await asyncio.gather(*(group.persist(student, exam, None) for student in students))
    someone = students[turn % STUDENTS].id
    await teacher.post("/attendance/", {"student": someone, "status": "present"})
    await teacher.post("/scores/", {"student": someone, "value": 90})
    await teacher.post("/messages/", {"text": f"Salom {turn}", "recipient_ids": [someone]})
    await teacher.get("/work-logs/?limit=5")
    await students[0].get("/exam-results/?limit=5")


@pytest.mark.parametrize(
    ("running", "way"), [("sqlite", "keep_down"), ("postgresql", "stop")], indirect=["running"]
)
async def test_ten_minutes_without_nats_are_only_lag(
    suite: Suite, faults: Faults, history: History, way: Way
) -> None:
    running = suite.running
    assert isinstance(running, Processes)
    group = await open_class(suite, history, students=STUDENTS, exams=0)
    await work(group, 0)
    began, turn, standings = time.monotonic(), 0, list[Standing]()
    with faults.down("nats", way):
        for moment in (WARM_SECONDS, AWAY_SECONDS):
            while time.monotonic() - began < moment:
                pace = asyncio.create_task(asyncio.sleep(PACE_SECONDS))
                await work(group, turn := turn + 1)
                await pace
            standings.append(await asyncio.to_thread(standing, running))
        asked = [each for each in history.events if isinstance(each, Exchanged)]
        let_go = time.monotonic()

    await group.counted(seconds=DRAINED_SECONDS)
    await eventually(
        lambda: asyncio.to_thread(standing, running),
        until=lambda now: now.waiting == 0,
        seconds=DRAINED_SECONDS,
    )
    took = time.monotonic() - let_go
    before, after = standings
    grown = {each: round(after.memory[each] - before.memory[each], 1) for each in SERVICES}
    print(  # noqa: T201 - the figures
        f"{len(asked)} requests, {after.waiting} events waited, told {took:.1f} s after;"
        f" MiB {before.memory}, grown by {grown}"
    )

    ends = [each for each in history.events if isinstance(each, Answered | Broken)]
    assert Counter(type(each).__name__ for each in ends) == {"Answered": len(ends)}
    assert [each for each in asked if each.status >= 400 or each.error] == []
    assert after.waiting >= WAITING_EVENTS
    assert took <= DRAINED_SECONDS
    assert max(grown.values()) <= GROWN_MIB
    assert not await group.violations()
