"""A glance says the same as a transaction would, and fails the same way."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, func, insert, select, text

from exams.models import CodeGuard, Exam, Subject
from shared.db.engine import Database
from shared.errors import Unavailable
from shared.testing.waiting import eventually

NOW = datetime(2026, 2, 20, 12, 30, 15, tzinfo=UTC)
BY_ID = select(
    Exam.id, Exam.title, Exam.is_published, Exam.date, Exam.created_at, Exam.description
).where(Exam.id == bindparam("exam_id"), Exam.is_deleted.is_(False))
SINCE = select(Exam.id).where(Exam.created_at >= bindparam("since")).order_by(Exam.id)


@pytest.fixture(scope="session")
def package() -> str:
    """Any schema will do; this one has every type of column."""
    return "exams"


@pytest.fixture
async def filled(database: Database) -> AsyncIterator[Database]:
    subject = {"name": "S", "name_key": "s", "created_at": NOW, "version": 1, "is_deleted": False}
    exam = {
        "search_text": "",
        "subject_id": 1,
        "time_limit": 0,
        "is_published": True,
        "is_active": True,
        "date": date(2026, 2, 20),
        "created_by": 1,
        "created_at": NOW,
        "questions_count": 0,
        "participants_count": 0,
        "version": 1,
        "questions_version": 1,
        "is_deleted": False,
    }
    async with database.transaction() as tx:
        await tx.execute(insert(Subject).values(subject))
        for name in ("A", "B"):
            await tx.execute(insert(Exam).values({**exam, "title": name, "code": name}))
        guard = {"user_id": 7, "misses": [1.5], "last_missed_at": NOW}
        await tx.execute(insert(CodeGuard).values(guard))
    yield database
    await database.close()


class TestGlance:
    async def test_gives_the_values_that_a_transaction_gives(self, filled: Database) -> None:
        found = (await filled.glance.execute(BY_ID, {"exam_id": 1})).one()
        async with filled.reading() as view:
            expected = (await view.execute(BY_ID, {"exam_id": 1})).one()

        assert tuple(found) == tuple(expected)
        assert (found.title, found.is_published, found.created_at) == ("A", True, NOW)
        assert found.created_at.tzinfo is UTC

    async def test_takes_parameters_of_every_type(self, filled: Database) -> None:
        assert [row.id for row in await filled.glance.execute(SINCE, {"since": NOW})] == [1, 2]
        misses = select(CodeGuard.misses).where(CodeGuard.user_id == 7)
        assert await filled.glance.scalar(misses) == [1.5]

    async def test_finds_nothing_where_there_is_nothing(self, filled: Database) -> None:
        assert (await filled.glance.execute(BY_ID, {"exam_id": 9})).first() is None
        assert await filled.glance.scalar(BY_ID, {"exam_id": 9}) is None

    async def test_sees_what_was_committed_before_it(self, filled: Database) -> None:
        count = select(func.count()).select_from(Subject)
        assert await filled.glance.scalar(count) == 1

        async with filled.transaction() as tx:
            row: dict[str, Any] = {"name": "T", "name_key": "t", "created_at": NOW, "version": 1}
            await tx.execute(insert(Subject).values({**row, "is_deleted": False}))

        assert await filled.glance.scalar(count) == 2

    async def test_waits_for_no_writer(self, filled: Database) -> None:
        async with filled.transaction() as tx:
            await tx.execute(text("UPDATE exams SET title = 'C'"))

            assert (await filled.glance.execute(BY_ID, {"exam_id": 1})).one().title == "A"

    async def test_runs_beside_many_others(self, filled: Database) -> None:
        rows = await asyncio.gather(
            *(filled.glance.execute(BY_ID, {"exam_id": 1 + place % 2}) for place in range(40))
        )

        assert [row.one().title for row in rows] == ["A", "B"] * 20
        assert len(filled.connections.idle) <= 4

    async def test_leaves_no_half_read_connection_behind(self, filled: Database) -> None:
        await filled.glance.scalar(select(func.count()).select_from(Exam))
        (used,) = filled.connections.idle
        task = asyncio.create_task(filled.glance.execute(BY_ID, {"exam_id": 1}))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

        assert used not in filled.connections.idle or not task.cancelled()
        assert (await filled.glance.execute(BY_ID, {"exam_id": 2})).one().title == "B"

    async def test_refuses_a_statement_that_depends_on_a_list(self, filled: Database) -> None:
        with pytest.raises(ValueError, match="not for a glance"):
            await filled.glance.execute(BY_ID.where(Exam.id.in_([1, 2])), {"exam_id": 1})


class TestAFaultOfTheDatabase:
    async def test_is_told_as_unavailable(self) -> None:
        for url in (
            "sqlite+aiosqlite:////nowhere/x.sqlite3",
            "postgresql+asyncpg://a:b@127.0.0.1:1/x",
        ):
            away = Database(url)
            with pytest.raises(Unavailable):
                await away.glance.execute(BY_ID, {"exam_id": 1})
            await away.close()

    async def test_costs_one_server_restart_no_answer(self, filled: Database) -> None:
        """A connection that the server has cut is not used again."""
        if filled.dialect == "sqlite":
            pytest.skip("a file cuts no connection")
        await filled.glance.execute(BY_ID, {"exam_id": 1})
        pid = await filled.glance.scalar(select(func.pg_backend_pid()))
        (held,) = filled.connections.idle

        async def usable() -> bool:
            return held.is_usable()

        async with filled.transaction() as tx:
            await tx.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        await eventually(usable, until=lambda is_usable: not is_usable)

        assert (await filled.glance.execute(BY_ID, {"exam_id": 1})).one().title == "A"
