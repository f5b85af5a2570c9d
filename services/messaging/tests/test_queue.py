"""The queue in the database: what an idle sender asks four times a second walks an index."""

from typing import Any

from sqlalchemy import event

from messaging.repository import delivery
from services.messaging.tests import broadcast
from shared.db.engine import Database


async def plan_of_a_look(database: Database) -> list[str]:
    """Return the plan of what a sender asks to know whether there is anything to send."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, text: str, parameters: Any, *___: Any) -> None:
        asked.append((text, parameters))

    engine = database._reads.sync_engine
    async with database.reading() as view:
        await view.connection()
        event.listen(engine, "before_cursor_execute", note)
        assert await delivery.has_due(view)
        event.remove(engine, "before_cursor_execute", note)
        ((text, parameters),) = asked
        explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
        connection = await view.connection()
        rows = await connection.exec_driver_sql(f"{explain} {text}", parameters)
        return [str(row[-1]) for row in rows]


class TestAnIdleLook:
    async def test_reads_one_entry_of_an_index(self, database: Database) -> None:
        """Many wait, so that PostgreSQL believes to meet one soon, wherever it begins."""
        await broadcast.write_to(database, 2000)
        async with database.transaction() as tx:
            await (await tx.connection()).exec_driver_sql("ANALYZE message_logs")

        steps = await plan_of_a_look(database)

        assert any("ix_message_logs_pending" in step for step in steps), steps
        assert not any("Seq Scan" in step for step in steps), steps
