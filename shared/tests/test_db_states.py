"""A database that is locked, slow, exhausted, frozen or unsafe: refused in time, then forgotten."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import make_url

from shared.db.durable import danger_of, require_durable
from shared.db.engine import SHORT_LOCK_SECONDS, Database, patience_after
from shared.db.limits import LOCK_SECONDS
from shared.errors import Unavailable
from shared.settings import MISCONFIGURED
from shared.testing.locking import locked

HANG_SECONDS = 30
"""A bound for a busy machine; the promised 3.5 s are measured by `make chaos`."""


@pytest.fixture(scope="session")
def package() -> str:
    return "exams"


class Swallowing:
    """Stands before a server; while nothing flows, what is sent is neither refused nor answered."""

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self.flows = asyncio.Event()
        self.flows.set()
        self._behind = (host, port)
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Swallowing"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        await self.flows.wait()
        answers, questions = await asyncio.open_connection(*self._behind)
        self._writers.append(questions)
        await asyncio.gather(self._pass_on(reader, questions), self._pass_on(answers, writer))

    async def _pass_on(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self.flows.wait()
                target.write(data)
        target.close()


async def write(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("UPDATE subjects SET name = name"))


async def read(database: Database) -> None:
    async with database.reading() as view:
        await view.execute(text("SELECT count(*) FROM subjects"))


async def refusals(database: Database, count: int) -> set[type]:
    """Let *count* write at once and return how they end; one that never ends fails the test."""
    async with asyncio.timeout(HANG_SECONDS):
        ends = await asyncio.gather(
            *(write(database) for _ in range(count)), return_exceptions=True
        )
    return {type(end) for end in ends}


class TestALockedDatabase:
    async def test_refuses_writes_reads_on_and_is_forgotten(
        self, database: Database, database_url: str
    ) -> None:
        async with locked(database_url):
            ends = await refusals(database, 12)
            await read(database)
        await write(database)

        assert ends == {Unavailable}

    @pytest.mark.parametrize("waited", [0.0, 0.5, 1.0, 1.01, 1.5, 2.0])
    def test_is_waited_for_less_by_who_waited_in_line(self, waited: float) -> None:
        assert waited + patience_after(waited) <= 3.0

    @pytest.mark.parametrize("dialect", ["sqlite"])
    async def test_is_told_how_long_its_writer_has_patience(self, database: Database) -> None:
        found: list[int] = []

        async def look() -> None:
            async with database.transaction() as tx:
                found.append(await tx.scalar(text("PRAGMA busy_timeout")) or 0)

        async with database.transaction():
            late = asyncio.create_task(look())
            # The one time that is looked at is the code's own: how long `late` waits in line.
            await asyncio.sleep(SHORT_LOCK_SECONDS + 0.1)
        await late
        await look()

        assert found == [SHORT_LOCK_SECONDS * 1000, LOCK_SECONDS * 1000]


class TestASlowStatement:
    @pytest.mark.parametrize("dialect", ["postgresql"])
    async def test_is_ended_by_the_server_itself(self, database: Database) -> None:
        async def sleep() -> None:
            async with database.transaction() as tx:
                await tx.execute(text("SELECT pg_sleep(600)"))

        async with asyncio.timeout(HANG_SECONDS):
            with pytest.raises(Unavailable):
                await sleep()
        await write(database)


class TestAnExhaustedPool:
    async def test_refuses_who_waits_too_long_and_heals(self, database: Database) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(8 if database.dialect == "postgresql" else 1):
                await stack.enter_async_context(database.transaction())
            ends = await refusals(database, 20)
        await asyncio.gather(*(write(database) for _ in range(20)))

        assert ends == {Unavailable}


@pytest.mark.parametrize("dialect", ["postgresql"])
class TestAFrozenServer:
    async def test_refuses_and_heals(self, database_url: str) -> None:
        url = make_url(database_url)
        async with Swallowing(str(url.host), url.port or 0).listening() as proxy:
            here = url.set(host="127.0.0.1", port=proxy.port)
            database = Database(here.render_as_string(hide_password=False))
            await write(database)  # on one connection; the others meet a server that is silent
            proxy.flows.clear()
            ends = await refusals(database, 12)
            proxy.flows.set()
            await asyncio.gather(*(write(database) for _ in range(12)))
            await database.close()

        assert ends == {Unavailable}


class TestRequireDurable:
    @pytest.mark.parametrize("dialect", ["sqlite"])
    async def test_takes_what_the_suite_itself_sets(self, database: Database) -> None:
        await require_durable(database)

    @pytest.mark.parametrize("dialect", ["sqlite"])
    @pytest.mark.parametrize(
        ("pragma", "why"),
        [
            ("synchronous=normal", "synchronous = 1, which loses acknowledged commits"),
            ("synchronous=off", "synchronous = 0, which loses acknowledged commits"),
            ("journal_mode=delete", "journal is delete, not WAL"),
        ],
    )
    async def test_refuses_a_careless_sqlite(
        self, database: Database, pragma: str, why: str
    ) -> None:
        @event.listens_for(database.engine.sync_engine, "connect")
        def _spoil(connection: Any, _: object) -> None:
            connection.execute(f"PRAGMA {pragma}")

        assert why in await danger_of(database)

    @pytest.mark.parametrize("dialect", ["postgresql"])
    async def test_refuses_a_careless_postgresql_and_says_why(
        self, database: Database, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            await require_durable(database)

        assert ended.value.code == MISCONFIGURED
        assert capsys.readouterr().err == (
            "refusing to start: PostgreSQL runs with fsync = off,"
            " which loses acknowledged commits\n"
        )
