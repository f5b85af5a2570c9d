"""Bad states of one part: others go on, refusals come in time, and all heals by itself."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy import table as table_named

from shared.db.engine import Database
from shared.testing.locking import locked
from shared.testing.waiting import eventually
from tests.e2e.local import PROCESSES, Processes
from tests.e2e.suite import Suite
from tests.faults.faults import Faults
from tests.faults.hand_in import Class, open_class
from tests.faults.history import History

CONVERGED_SECONDS = 60
REFUSED_SECONDS = 3.5
BUSY_MACHINE = 3.0
"""The promised time is for a machine that does nothing else; the tests share theirs."""
REPLICAS = {
    "worklogs": ("user_replicas", "subject_replicas"),
    "results": ("user_replicas", "exam_replicas"),
    "exams": ("user_replicas", "result_replicas"),
    "messaging": ("user_replicas",),
}
REFUSE_ON_SQLITE = """CREATE TRIGGER refuse BEFORE INSERT ON result_replicas
    BEGIN SELECT RAISE(ABORT, 'refused'); END"""
REFUSE = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'refused'; END $$"""
REFUSE_ROWS = """CREATE TRIGGER refuse BEFORE INSERT ON result_replicas
    FOR EACH ROW EXECUTE FUNCTION refuse()"""
REFUSING = {
    "sqlite": ([REFUSE_ON_SQLITE], ["DROP TRIGGER refuse"]),
    "postgresql": ([REFUSE, REFUSE_ROWS], ["DROP FUNCTION refuse CASCADE"]),
}


def processes(suite: Suite) -> Processes:
    """Return the suite as what it is here."""
    assert isinstance(suite.running, Processes)
    return suite.running


@PROCESSES
async def test_a_locked_database_refuses_in_time_and_the_others_work(
    suite: Suite, history: History
) -> None:
    group = await open_class(suite, history, students=2, exams=2)
    body = {"name": f"Fan {uuid4().hex[:8]}"}
    async with locked(processes(suite).database_url("exams")):
        started = time.monotonic()
        refused, *_ = await asyncio.gather(
            group.teacher.ask("POST", "/subjects/", body), group.hand_in(at_once=4)
        )
        took = time.monotonic() - started
        read = await group.teacher.ask("GET", "/exams/")
    written = await group.teacher.ask("POST", "/subjects/", body)

    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    assert took <= REFUSED_SECONDS * BUSY_MACHINE
    assert (read.status_code, written.status_code) == (200, 201)
    assert not await group.violations()
    await group.counted(seconds=CONVERGED_SECONDS)


@PROCESSES
async def test_an_older_copy_of_the_brokers_store_converges_by_itself(
    suite: Suite, faults: Faults, history: History, tmp_path: Path
) -> None:
    before = await open_class(suite, history, students=2, exams=1)
    await before.hand_in(at_once=2)
    store = next(path for path in processes(suite).folder.rglob("jetstream") if path.is_dir())
    faults.stop("nats")
    shutil.copytree(store, tmp_path / "copy")
    faults.cont()

    lost = await open_class(suite, history, students=4, exams=1)
    faults.stop("exams")  # what is told of these results is in the broker alone
    await lost.hand_in(at_once=4)
    faults.stop("nats")
    shutil.rmtree(store)
    shutil.copytree(tmp_path / "copy", store)
    faults.kill("nats")
    faults.cont()
    after = await open_class(suite, history, students=4, exams=2)
    await after.hand_in(at_once=8)
    faults.heal(CONVERGED_SECONDS)

    for group in (before, lost, after):
        await group.counted(seconds=CONVERGED_SECONDS)


async def rows_of(database: Database, table: str) -> int:
    """Return how many rows a table has."""
    async with database.reading() as view:
        return int(await view.scalar(select(func.count()).select_from(table_named(table))) or 0)


async def refilled(database: Database, tables: tuple[str, ...]) -> dict[str, int]:
    """Empty the tables, wait until they hold again what they held, and return how much that is."""
    try:
        held = {table: await rows_of(database, table) for table in tables}
        async with database.transaction() as tx:
            for table in tables:
                await tx.execute(delete(table_named(table)))

        async def filled() -> bool:
            return all([await rows_of(database, each) >= held[each] for each in tables])

        await eventually(filled, seconds=CONVERGED_SECONDS)
    finally:
        await database.close()
    return held


@PROCESSES
async def test_replicas_that_were_emptied_fill_themselves(suite: Suite, history: History) -> None:
    group = await open_class(suite, history, students=2, exams=1)
    await group.hand_in(at_once=2)
    await group.counted(seconds=CONVERGED_SECONDS)

    held = await asyncio.gather(
        *(
            refilled(Database(processes(suite).database_url(each)), REPLICAS[each])
            for each in REPLICAS
        )
    )

    assert all(count for each in held for count in each.values())
    assert not await group.violations()


async def run(database: Database, statements: list[str]) -> None:
    """Run *statements* in one transaction."""
    async with database.transaction() as tx:
        for statement in statements:
            await tx.execute(text(statement))


@asynccontextmanager
async def refusing(database: Database) -> AsyncIterator[None]:
    """Let the database refuse what exams makes of a result, as a fault of its handler would."""
    begin, end = REFUSING[database.dialect]
    await run(database, begin)
    try:
        yield
    finally:
        await run(database, end)


@PROCESSES
async def test_what_was_put_aside_is_replayed_once_while_others_hand_in(
    suite: Suite, history: History
) -> None:
    unlucky = await open_class(suite, history, students=3, exams=1)
    busy = await open_class(suite, history, students=3, exams=4)
    database = Database(processes(suite).database_url("exams"))
    try:
        before = await rows_of(database, "dead_letters")
        async with refusing(database):
            await unlucky.hand_in(at_once=3)
            await eventually(
                lambda: rows_of(database, "dead_letters"),
                until=lambda now: now == before + len(unlucky.students),
                seconds=CONVERGED_SECONDS,
            )
    finally:
        await database.close()
    uncounted = await unlucky.counts()

    handing_in = asyncio.create_task(busy.hand_in(at_once=4))
    replayed = await asyncio.to_thread(
        processes(suite).run, "events", "replay", "--service", "exams"
    )
    await handing_in

    assert uncounted == [0]
    assert replayed.returncode == 0, replayed.stderr
    for group in (unlucky, busy):
        await group.counted(seconds=CONVERGED_SECONDS)
        assert not await group.violations()


@pytest.mark.chaos
@pytest.mark.parametrize("running", ["sqlite"], indirect=True)
async def test_a_backup_of_a_busy_suite_restores_to_a_consistent_one(
    suite: Suite, history: History, tmp_path: Path
) -> None:
    group = await open_class(suite, history, students=20, exams=10)
    handing_in = asyncio.create_task(group.hand_in(at_once=8))
    await eventually(lambda: asyncio.sleep(0, len(history.events) > 40), seconds=60)
    made = await asyncio.to_thread(processes(suite).run, "backup", str(tmp_path / "backup"))
    await handing_in

    other = Processes(tmp_path / "data")
    restored = other.run("restore", str(tmp_path / "backup"))
    other.start()
    try:
        checked = other.run("fsck", "--wait", "60", within=120)
    finally:
        other.stop()

    assert (made.returncode, restored.returncode) == (0, 0), made.stderr + restored.stderr
    assert checked.returncode == 0, checked.stdout


@pytest.mark.chaos
@PROCESSES
async def test_five_thousand_waiting_events_are_drained_in_a_minute(
    suite: Suite, faults: Faults, history: History
) -> None:
    groups: list[Class] = []
    faults.stop("nats")
    for _ in range(5):
        groups.append(await open_class(suite, history, students=20, exams=50))
        await groups[-1].hand_in(at_once=16)
    started = time.monotonic()
    faults.heal(CONVERGED_SECONDS)

    for group in groups:
        await group.counted(seconds=CONVERGED_SECONDS)
    took = time.monotonic() - started
    print(f"5000 events were counted {took:.1f} s after NATS was back")  # noqa: T201 - the figure

    assert took <= CONVERGED_SECONDS


@pytest.mark.chaos
@PROCESSES
async def test_after_everything_was_killed_all_is_well_in_twenty_seconds(suite: Suite) -> None:
    running = processes(suite)
    took = []
    for _ in range(20):
        for pid in (*running.processes(), running.pid):
            os.kill(pid, signal.SIGKILL)
        await eventually(lambda: asyncio.sleep(0, not running.processes()), seconds=10)
        started = time.monotonic()
        running.restart()
        took.append(time.monotonic() - started)
    print(f"healthy after {min(took):.1f} to {max(took):.1f} s")  # noqa: T201 - the figure

    assert max(took) <= 20
