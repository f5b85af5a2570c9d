"""The power fails while students hand in (2): what was accepted is there afterwards, once."""

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from shared.testing.postgres import PostgresServer
from shared.testing.waiting import eventually
from tests.e2e.local import Processes
from tests.e2e.suite import Suite
from tests.faults.dice import dice
from tests.faults.disk import Disk
from tests.faults.hand_in import open_class
from tests.faults.history import Answered, History

SHORT = (1, 2)
"""Cuts, and the seed."""
LONG = (20, None)
STUDENTS = 4
EXAMS = 10


@dataclass
class Machine:
    """A suite whose data, and its database server's, are on a disk of their own."""

    disk: Disk
    suite: Processes
    postgres: PostgresServer | None

    def lose_power(self) -> None:
        """Everything ends at once, and memory is forgotten."""
        self.suite.kill()
        if self.postgres is not None:
            self.postgres.kill()
        self.disk.cut()

    def boot(self) -> None:
        """Start again on what the disk holds."""
        self.disk.mount()
        if self.postgres is not None:
            self.postgres.start()
        self.suite.start()


@pytest.fixture(params=["sqlite", "postgresql"])
def machine(request: pytest.FixtureRequest) -> Iterator[Machine]:
    try:
        disk = Disk()
    except OSError as error:
        pytest.skip(f"no disk may be mounted here: {error}")
    with ExitStack() as stack:
        stack.callback(disk.remove)
        told = {}
        postgres = None
        if request.param == "postgresql":
            postgres = PostgresServer(durable=True, folder=disk.place / "postgres")
            stack.callback(postgres.kill)
            told["HPA_POSTGRES_URL"] = postgres.url
            os.sync()  # who installs a server has done so long before
        suite = Processes(disk.place / "data", **told)
        stack.callback(suite.kill)
        suite.start()
        yield Machine(disk, suite, postgres)


@pytest.mark.parametrize(
    ("cuts", "seed"),
    [pytest.param(*SHORT, id="short"), pytest.param(*LONG, id="long", marks=pytest.mark.chaos)],
)
async def test_what_was_accepted_outlives_a_power_cut(
    machine: Machine, history: History, cuts: int, seed: int | None
) -> None:
    chance = dice(seed)
    longest = 0.0

    async def accepted() -> int:
        ends = [each for each in history.events if isinstance(each, Answered)]
        return sum(each.status == 200 for each in ends)

    for _ in range(cuts):
        async with Suite(machine.suite, note=history.exchanged) as suite:
            group = await open_class(suite, history, students=STUDENTS, exams=EXAMS)
            enough = await accepted() + chance.randrange(1, STUDENTS * EXAMS // 2)
            handing_in = asyncio.create_task(group.hand_in(at_once=3))
            await eventually(accepted, until=enough.__le__)

            history.hurt("cut", "power")
            cut_at = time.monotonic()
            await asyncio.to_thread(machine.lose_power)
            await asyncio.to_thread(machine.boot)
            await handing_in

            assert not await group.violations()
            await group.counted(seconds=30)
            longest = max(longest, time.monotonic() - cut_at)
    assert not await asyncio.to_thread(machine.suite.broken_promises)
    ends = f"{cuts} cuts; started, and everything counted, at most {longest:.1f} s after"
    print(ends)  # noqa: T201 - a figure of docs/reliability.md
