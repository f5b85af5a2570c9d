"""Many rows in one statement: all of them arrive, whole, and those that are there already stay."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import event, select

from exams.models import ResultReplica
from shared.db.bulk import find_rows, insert_absent, insert_rows
from shared.db.engine import Database
from shared.db.upsert import insert_newer
from shared.events.outbox import mark_published
from shared.events.tables import Inbox, Outbox

NOW = datetime(2026, 2, 20, 12, tzinfo=UTC)
KEY = ("consumer", "event_id")


@pytest.fixture(scope="session")
def package() -> str:
    """Every schema has the tables of events."""
    return "exams"


def handled(*names: str) -> list[dict[str, object]]:
    return [{"consumer": "c", "event_id": name, "handled_at": NOW} for name in names]


def waiting(count: int) -> list[dict[str, object]]:
    row = {"subject": "hpa.x", "entity": "", "payload": b"\x00\xff", "created_at": NOW}
    return [row | {"event_id": uuid4()} for _ in range(count)]


class TestInsertRows:
    async def test_stores_values_of_every_type(self, database: Database) -> None:
        rows = waiting(3)
        async with database.transaction() as tx:
            await insert_rows(tx, Outbox, rows)
            await insert_rows(tx, Outbox, [])

        async with database.reading() as view:
            found = list(await view.scalars(select(Outbox).order_by(Outbox.id)))
        assert [one.event_id for one in found] == [row["event_id"] for row in rows]
        assert {(one.payload, one.created_at, one.published_at) for one in found} == {
            (b"\x00\xff", NOW, None)
        }

    async def test_refuses_text_that_is_too_long_instead_of_cutting_it(
        self, database: Database
    ) -> None:
        if database.dialect == "sqlite":
            pytest.skip("SQLite knows no length")
        with pytest.raises(Exception, match="too long"):
            async with database.transaction() as tx:
                await insert_rows(tx, Inbox, handled("x" * 201))

    async def test_is_one_statement_for_any_number(self, database: Database) -> None:
        seen: set[str] = set()

        def note(_: object, __: object, statement: str, *___: object) -> None:
            seen.add(statement)

        engine = database._writes.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        async with database.transaction() as tx:
            for count in (1, 2, 50):
                await insert_rows(tx, Outbox, waiting(count))
        event.remove(engine, "before_cursor_execute", note)

        assert len([one for one in seen if one.startswith("INSERT")]) == 1


class TestInsertAbsent:
    async def test_tells_which_were_not_there(self, database: Database) -> None:
        async with database.transaction() as tx:
            first = await insert_absent(
                tx, Inbox, handled("a", "b"), key=KEY, returning=("event_id",)
            )
            again = await insert_absent(
                tx, Inbox, handled("b", "c"), key=KEY, returning=("event_id",)
            )
            pairs = await insert_absent(tx, Inbox, handled("c", "d"), key=KEY, returning=KEY)

        assert (first, again, pairs) == ({"a", "b"}, {"c"}, {("c", "d")})

    async def test_tells_the_same_in_a_brief(self, database: Database) -> None:
        async with database.brief() as tx:
            await insert_absent(tx, Inbox, handled("a"), key=KEY, returning=KEY)
            found = await insert_absent(tx, Inbox, handled("a", "b"), key=KEY, returning=KEY)

        assert found == {("c", "b")}


class TestFindRows:
    async def test_gives_columns_of_those_that_are_there(self, database: Database) -> None:
        wanted = [("c", "a"), ("c", "z"), ("x", "b")]
        async with database.brief() as tx:
            await insert_rows(tx, Inbox, handled("a", "b"))
            in_brief = await find_rows(tx, Inbox, wanted, key=KEY, columns=("event_id",))
        async with database.reading() as view:
            in_session = await find_rows(view, Inbox, wanted, key=KEY, columns=("event_id",))

        assert [row.event_id for row in in_brief] == ["a"]
        assert [row.event_id for row in in_session] == ["a"]

    async def test_asks_nothing_for_nothing(self, database: Database) -> None:
        async with database.reading() as view:
            assert await find_rows(view, Inbox, [], key=KEY, columns=KEY) == []


class TestInsertNewer:
    async def test_keeps_the_highest_version_of_all_told_at_once(self, database: Database) -> None:
        def told(version: int, exam_id: int) -> dict[str, object]:
            row: dict[str, object] = {"result_id": 1, "exam_id": exam_id, "version": version}
            return row | {"is_deleted": False}

        for rows in ([told(2, 20), told(1, 10)], [told(1, 11)], [told(2, 21), told(3, 30)]):
            async with database.brief() as tx:
                await insert_newer(tx, ResultReplica, rows, key="result_id")

        async with database.reading() as view:
            found = (await view.scalars(select(ResultReplica))).one()
        assert (found.version, found.exam_id) == (3, 30)


class TestMarkPublished:
    async def test_stamps_each_row_with_its_own_number(self, database: Database) -> None:
        async with database.transaction() as tx:
            await insert_rows(tx, Outbox, waiting(3))
            await mark_published(tx, {1: 11, 3: 13})

        async with database.reading() as view:
            found = list(await view.scalars(select(Outbox).order_by(Outbox.id)))
        assert [one.stream_seq for one in found] == [11, None, 13]
        assert [one.published_at is None for one in found] == [False, True, False]
