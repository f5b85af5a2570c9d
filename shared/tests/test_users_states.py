"""The users' states in memory: one reading for all who ask, never believed for long."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.engine import Database
from shared.errors import Unavailable
from shared.users import states as states_module
from shared.users.states import UserStates
from shared.users.tables import UserReplica, UsersBase

NOW = datetime(2026, 2, 20, tzinfo=UTC)


def user(user_id: int) -> UserReplica:
    return UserReplica(
        id=user_id,
        version=1,
        username=f"u{user_id}",
        role="student",
        full_name="",
        is_active=True,
        created_at=NOW,
        changed_at=NOW,
    )


@pytest.fixture
async def users(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/users.sqlite3")
    async with database.engine.begin() as connection:
        await connection.run_sync(UsersBase.metadata.create_all)
    async with database.transaction() as tx:
        tx.add_all(user(number) for number in range(1, 501))
    yield database
    await database.close()


async def refusal_of(states: UserStates) -> Unavailable | None:
    try:
        await states.of(1)
    except Unavailable as refused:
        return refused
    return None


class Stuck:
    """A database that is away for its first reading, and back for all others."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.is_asked, self.gives_up = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        if not self.is_asked.is_set():
            self.is_asked.set()
            await self.gives_up.wait()
            raise Unavailable
        async with self.database.reading() as view:
            yield view


class TestOf:
    async def test_reads_once_for_all_who_ask(self, users: Database) -> None:
        states = UserStates(users)
        queries: list[str] = []
        engine = users._reads.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *given: queries.append(given[2]))

        found = await asyncio.gather(*(states.of(number) for number in range(1, 501)))

        assert found == [("student", True)] * 500
        assert len([query for query in queries if "user_replicas" in query]) == 1

    async def test_knows_nothing_of_strangers(self, users: Database) -> None:
        assert await UserStates(users).of(501) is None

    async def test_sees_what_was_just_learned(self, users: Database) -> None:
        states = UserStates(users)
        await states.of(1)
        async with users.transaction() as tx:
            await tx.execute(update(UserReplica).where(UserReplica.id == 1).values(role="employee"))

        states.expire()

        assert await states.of(1) == ("employee", True)

    async def test_does_not_believe_what_is_old(
        self, users: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        states = UserStates(users)
        await states.of(1)
        async with users.transaction() as tx:
            await tx.execute(update(UserReplica).values(is_active=False))
        monkeypatch.setattr(states_module, "FRESH_SECONDS", -2)
        monkeypatch.setattr(states_module, "STALE_SECONDS", -1)

        assert await states.of(1) == ("student", False)

    async def test_lets_nobody_wait_for_a_refresh(
        self, users: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        states = UserStates(users)
        await states.of(1)
        async with users.transaction() as tx:
            await tx.execute(update(UserReplica).values(is_active=False))
        monkeypatch.setattr(states_module, "FRESH_SECONDS", -1)

        assert await states.of(1) == ("student", True)
        await states.settle()
        assert await states.of(1) == ("student", False)
        await states.settle()

    async def test_refuses_nobody_for_a_reading_that_began_before_the_database_was_back(
        self, users: Database
    ) -> None:
        stuck = Stuck(users)
        states = UserStates(cast("Database", stuck))
        async with asyncio.TaskGroup() as group:
            early = group.create_task(refusal_of(states))
            await stuck.is_asked.wait()
            late = group.create_task(states.of(2))
            await asyncio.sleep(0)  # until it waits for the reading that is under way
            stuck.gives_up.set()

        assert early.result() is not None
        assert late.result() == ("student", True)

    async def test_without_a_database_nobody_is_let_in_on_old_news(self, tmp_path: Path) -> None:
        away = Database(f"sqlite+aiosqlite:///{tmp_path}/nowhere/users.sqlite3")

        with pytest.raises(Unavailable):
            await UserStates(away).of(1)
        await away.close()
