"""Midnight with three real replicas: one row per employee and day, whoever dies when (W1)."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.worklogs.tests.conftest import COLLEAGUE, PEOPLE, TEACHER, tell, told
from services.worklogs.tests.test_recompute import logged
from shared.db.engine import Database
from shared.testing import processes
from shared.testing.waiting import eventually

REPLICA = Path(__file__).parent / "replica.py"
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(settings_kwargs: dict[str, Any], tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts replicas, one whose clock says so for each moment."""
    values = settings_kwargs | {"jwks_cache": str(settings_kwargs["jwks_cache"])}
    running: list[subprocess.Popen[bytes]] = []

    def run(*moments: str) -> subprocess.Popen[bytes]:
        command: list[str | Path] = [sys.executable, REPLICA, json.dumps(values), *moments]
        running.append(processes.start(command, log=tmp_path / "replicas.log"))
        return running[-1]

    yield run
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


async def days_of(database: Database) -> list[tuple[int, str]]:
    return sorted(await logged(database))


def rows(*days: str) -> list[tuple[int, str]]:
    return [(employee, day) for employee in (TEACHER, COLLEAGUE) for day in days]


def at(*moments: str) -> list[str]:
    """Name the zone of Tashkent."""
    return [f"{moment}+05:00" for moment in moments]


class TestMidnight:
    async def test_makes_one_row_each_with_three_replicas_and_one_that_dies_at_it(
        self, database: Database, start: Start
    ) -> None:
        await tell(database, *(told(one, role) for one, (role, _) in PEOPLE.items()))
        before = await days_of(database)
        start(*at("2026-02-20T23:59:59"), "dies").wait(60)
        assert await days_of(database) == before, "what was not committed is not there"

        start(*at("2026-02-20T23:59:58", "2026-02-20T23:59:59", "2026-02-21T00:00:00"))
        made = rows("2026-02-18", "2026-02-19", "2026-02-20", "2026-02-21")
        await eventually(lambda: days_of(database), until=lambda found: found == made, seconds=60)

        # Down for three days; the one that comes back first has its clock two minutes behind.
        start(*at("2026-02-24T23:58:00", "2026-02-25T00:00:01", "2026-02-24T23:59:59"))
        made = rows(*(f"2026-02-{day}" for day in range(18, 26)))
        await eventually(lambda: days_of(database), until=lambda found: found == made, seconds=60)
