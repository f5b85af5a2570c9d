"""Which index each list of results walks, and how a list of all of them is read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event, insert

from results.models import Result
from results.service import results as service
from shared.clock import utcnow
from shared.db.engine import Database
from shared.testing.statements import glances

RESULTS = "/api/v1/exam-results/"
Statement = tuple[str, Any]


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """Collect what is asked about results."""
    sent: list[Statement] = []

    def note(text: str, parameters: Any) -> None:
        if "FROM results" in text:
            sent.append((text, parameters))

    def noted(_: Any, __: Any, text: str, parameters: Any, *___: Any) -> None:
        note(text, parameters)

    event.listen(Engine, "before_cursor_execute", noted)
    try:
        with glances(note):
            yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", noted)


@pytest.fixture
async def database(app: FastAPI, client: httpx2.AsyncClient) -> Database:
    found: Database = app.state.hpa.database
    return found


async def fill(database: Database, count: int) -> None:
    row = {"version": 1, "exam_title": "T", "questions_version": 1, "score": 50.0}
    row |= {"correct_answers": 1, "total_questions": 2, "is_checked": False}
    rows = [
        row | {"exam_id": n % 7 + 1, "student_id": n // 7 + 1, "created_at": utcnow()}
        for n in range(count)
    ]
    async with database.transaction() as tx:
        await tx.execute(insert(Result), rows)


async def plan_of(database: Database, statement: Statement) -> list[str]:
    text, parameters = statement
    async with database.reading() as view:
        connection = await view.connection()
        if database.dialect == "sqlite":
            found = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters)
            return [row.detail for row in found]
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = await connection.exec_driver_sql(f"EXPLAIN {text}", parameters)
        return [row[0].strip() for row in found]


class TestIndexes:
    @pytest.mark.parametrize(
        ("path", "index"),
        [
            ("my-results/", "ix_results_student_id_id"),
            ("?student=3", "ix_results_student_id_id"),
            ("?exam=3&limit=5", "exam_id"),
            ("", ""),
        ],
    )
    async def test_serve_the_lists(
        self,
        client: httpx2.AsyncClient,
        database: Database,
        teacher: dict[str, str],
        path: str,
        index: str,
    ) -> None:
        await fill(database, 70)
        with statements() as sent:
            assert (await client.get(RESULTS + path, headers=teacher)).status_code == 200

        plan = "\n".join(await plan_of(database, sent[0]))
        assert "Seq Scan" not in plan
        assert "SCAN results" not in plan or not index
        assert index in plan


class TestTheListOfAll:
    async def test_is_read_in_pieces_that_hold_each_row_once(
        self,
        client: httpx2.AsyncClient,
        database: Database,
        teacher: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(service, "PIECE", 10)
        await fill(database, 35)

        with statements() as sent:
            rows = (await client.get(RESULTS, headers=teacher)).json()

        assert [row["id"] for row in rows] == list(range(35, 0, -1))
        assert len(sent) == 4
        assert len({text for text, _ in sent}) == 1

    async def test_is_what_a_limit_shows_of_it(
        self, client: httpx2.AsyncClient, database: Database, teacher: dict[str, str]
    ) -> None:
        await fill(database, 20)

        whole = await client.get(RESULTS, headers=teacher)
        part = await client.get(RESULTS + "?limit=5", headers=teacher)
        most = await client.get(f"{RESULTS}?limit={10**18 - 1}", headers=teacher)

        assert part.json() == whole.json()[:5]
        assert most.json() == whole.json()
        assert part.headers["X-Total-Count"] == "20"
