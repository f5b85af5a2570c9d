"""A brief is a transaction like any other: all of it or nothing, told of, and refused alike."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, literal, select, text

from shared.db.brief import Brief
from shared.db.bulk import insert_rows
from shared.db.engine import TELLING, Database
from shared.errors import Unavailable
from shared.events.tables import Inbox

NOW = datetime(2026, 2, 20, 12, tzinfo=UTC)
COUNT = select(func.count()).select_from(Inbox)
ONE = select(literal(1).label("one"))

PID = select(func.pg_backend_pid())


class Refusal(Exception):
    pass


def row(name: str) -> dict[str, object]:
    return {"consumer": "c", "event_id": name, "handled_at": NOW}


async def be_refused(database: Database) -> None:
    async with database.brief() as tx:
        tx.info[TELLING] = True
        await insert_rows(tx, Inbox, [row("a")])
        raise Refusal


async def write_twice(database: Database) -> None:
    async with database.brief() as tx:
        await insert_rows(tx, Inbox, [row("a")])
        await insert_rows(tx, Inbox, [row("a")])


async def ask(database: Database) -> None:
    async with database.brief() as tx:
        await tx.execute(ONE)


@pytest.fixture(scope="session")
def package() -> str:
    """Every schema has the tables of events."""
    return "exams"


class TestBrief:
    async def test_commits_all_its_statements_together(self, database: Database) -> None:
        async with database.brief() as tx:
            await insert_rows(tx, Inbox, [row("a")])
            assert await database.glance.scalar(COUNT) == 0
            await insert_rows(tx, Inbox, [row("b")])

        assert await database.glance.scalar(COUNT) == 2

    async def test_sees_what_it_has_written_itself(self, database: Database) -> None:
        async with database.brief() as tx:
            await insert_rows(tx, Inbox, [row("a")])
            assert (await tx.execute(COUNT)).one()[0] == 1

    async def test_leaves_nothing_when_it_is_refused(self, database: Database) -> None:
        with pytest.raises(Refusal):
            await be_refused(database)

        assert await database.glance.scalar(COUNT) == 0

    async def test_leaves_nothing_when_a_statement_fails(self, database: Database) -> None:
        with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
            await write_twice(database)

        assert await database.glance.scalar(COUNT) == 0

    async def test_leaves_nothing_when_it_is_given_up(self, database: Database) -> None:
        begun, never = asyncio.Event(), asyncio.Event()

        async def write() -> None:
            async with database.brief() as tx:
                await insert_rows(tx, Inbox, [row("a")])
                begun.set()
                await never.wait()

        task = asyncio.create_task(write())
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])

        assert await database.glance.scalar(COUNT) == 0
        async with database.brief() as tx:
            await insert_rows(tx, Inbox, [row("a")])
        assert await database.glance.scalar(COUNT) == 1

    async def test_tells_of_its_commit_those_who_wait_for_it(self, database: Database) -> None:
        told: list[int] = []
        database.after_commit.append(lambda: told.append(1))
        with pytest.raises(Refusal):
            await be_refused(database)
        async with database.brief():
            pass
        assert not told

        async with database.brief() as tx:
            tx.info[TELLING] = True
        assert told == [1]

    async def test_runs_beside_many_others(self, database: Database) -> None:
        async def write(name: str) -> None:
            async with database.brief() as tx:
                await insert_rows(tx, Inbox, [row(name)])

        await asyncio.gather(*(write(str(number)) for number in range(40)))

        assert await database.glance.scalar(COUNT) == 40
        assert len(database.connections.idle) <= 8


class TestAConnection:
    async def test_is_kept_after_a_refusal(self, database: Database) -> None:
        async with database.brief() as tx:
            if not isinstance(tx, Brief):
                pytest.skip("a brief on SQLite is a session's transaction")
        (used,) = database.connections.idle
        with pytest.raises(Refusal):
            await be_refused(database)

        assert database.connections.idle == [used]

    async def test_that_was_cut_is_replaced(self, database: Database) -> None:
        """What was written is lost and told as such; the next one is well."""
        if database.dialect == "sqlite":
            pytest.skip("a file cuts no connection")

        async def write() -> None:
            async with database.brief() as tx:
                await insert_rows(tx, Inbox, [row("a")])
                pid = (await tx.execute(PID)).one()[0]
                async with database.transaction() as other:
                    await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
                await tx.execute(ONE)

        with pytest.raises(Unavailable):
            await write()

        assert await database.glance.scalar(COUNT) == 0
        async with database.brief() as tx:
            assert (await tx.execute(ONE)).one().one == 1

    async def test_that_cannot_be_had_is_told_as_unavailable(self) -> None:
        for url in (
            "sqlite+aiosqlite:////nowhere/x.sqlite3",
            "postgresql+asyncpg://a:b@127.0.0.1:1/x",
        ):
            away = Database(url)
            with pytest.raises(Unavailable):
                await ask(away)
            await away.close()
