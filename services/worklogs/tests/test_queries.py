"""How many statements a request costs, and which index each of them walks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, event

from services.worklogs.tests.conftest import (
    STUDENT,
    TEACHER,
    TODAY,
    Caller,
    StandIn,
    tell,
    told,
)
from shared.testing.statements import glances
from worklogs.repository.logs import PIECE

GROWING = ("attendances", "scores", "recordings", "work_logs")
Statement = tuple[str, Any]


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """Collect what is sent to the database about the tables that grow."""
    sent: list[Statement] = []

    def note(_: Any, __: Any, text: str, parameters: Any, *___: Any) -> None:
        if any(table in text for table in GROWING):
            sent.append((text, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with glances(lambda text, values: note(None, None, text, values)):
            yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def plan_of(app: FastAPI, dialect: str, statement: Statement) -> list[str]:
    """Explain a statement; PostgreSQL scans a small table unless it is told not to."""
    text, parameters = statement
    async with app.state.hpa.database.reading() as view:
        connection = await view.connection()
        if dialect == "sqlite":
            found = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", parameters)
            return [row.detail for row in found]
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        found = await connection.exec_driver_sql(f"EXPLAIN {text}", parameters)
        return [row[0].strip() for row in found]


def scans(plan: list[str]) -> list[str]:
    """Return the steps that read a growing table from end to end."""
    return [
        step
        for step in plan
        for table in GROWING
        if f"Seq Scan on {table}" in step or (f"SCAN {table}" in step and "USING" not in step)
    ]


def attendances(*students: int) -> Any:
    return [{"student": one, "status": "present"} for one in students]


class TestIndexes:
    @pytest.mark.parametrize(
        "path",
        [
            f"/work-logs/?employee={TEACHER}",
            f"/work-logs/?date={TODAY}&status=true",
            "/work-logs/?limit=10&date_from=2026-02-01",
            "/work-logs/1/",
            "/work-logs/summary/?month=2026-02",
            "/dashboard/",
            f"/attendance/?student={STUDENT}",
            f"/attendance/?employee={TEACHER}&date_from=2026-02-01",
            f"/attendance/?date={TODAY}",
            "/scores/?subject=2",
            "/scores/?date_to=2026-02-01&date_from=2026-01-01",
        ],
    )
    async def test_serve_every_filter(
        self, app: FastAPI, dialect: str, teacher: Caller, path: str
    ) -> None:
        with statements() as sent:
            await teacher.call("GET", path)

        assert sent
        for one in sent:
            assert scans(await plan_of(app, dialect, one)) == [], one[0]

    async def test_serve_a_student(self, app: FastAPI, dialect: str, student: Caller) -> None:
        with statements() as sent:
            await student.get("/attendance/")
            await student.get("/scores/")

        for one in sent:
            assert scans(await plan_of(app, dialect, one)) == [], one[0]

    async def test_serve_the_recount(self, app: FastAPI, dialect: str, teacher: Caller) -> None:
        with statements() as sent:
            await teacher.post("/attendance/", attendances(STUDENT))

        recounts = [one for one in sent if one[0].startswith("UPDATE work_logs")]
        assert recounts
        for one in recounts:
            assert scans(await plan_of(app, dialect, one)) == []


class TestTheNumberOfStatements:
    @pytest.fixture
    async def pupils(self, app: FastAPI) -> list[int]:
        pupils = list(range(100, 160))
        await tell(app.state.hpa.database, *(told(one, "student") for one in pupils))
        return pupils

    async def test_does_not_grow_with_an_array(
        self, teacher: Caller, pupils: list[int], auth: StandIn
    ) -> None:
        counts = []
        for some in (pupils[:2], pupils):
            with statements() as sent:
                await teacher.post("/attendance/", attendances(*some))
            counts.append(len(sent))

        assert counts[0] == counts[1] <= 4
        assert auth.asked == []

    async def test_does_not_grow_with_a_list(self, teacher: Caller, pupils: list[int]) -> None:
        counts = []
        for some in (pupils[:2], pupils):
            await teacher.post("/attendance/", attendances(*some))
            with statements() as sent:
                assert len(await teacher.get("/attendance/")) == len(some)
            counts.append(len(sent))

        assert counts == [1, 1]

    async def test_of_the_dashboard_is_one(self, teacher: Caller) -> None:
        with statements() as sent:
            await teacher.get("/dashboard/")

        assert len(sent) == 1


class TestAList:
    async def test_of_more_than_one_piece_is_whole_and_in_order(
        self, app: FastAPI, teacher: Caller
    ) -> None:
        pupils = range(1000, 1000 + 2 * PIECE + 1)
        await tell(app.state.hpa.database, *(told(one, "student") for one in pupils))
        for start in range(0, len(pupils), 500):
            await teacher.post("/attendance/", attendances(*pupils[start : start + 500]))

        rows = await teacher.get("/attendance/?ordering=-student")

        assert [row["student"] for row in rows] == sorted(pupils, reverse=True)

    async def test_is_searched_by_note_and_name(self, teacher: Caller) -> None:
        await teacher.post(
            "/attendance/",
            [
                {"student": STUDENT, "status": "late", "note": "100% kech"},
                {"student": 11, "status": "present"},
            ],
        )

        found = {
            text: [row["student"] for row in await teacher.get(f"/attendance/?search={text}")]
            for text in ("vali", "UMAROVA", "kech", "100%25", "%25", "_", "hech")
        }

        assert found == {
            "vali": [STUDENT],
            "UMAROVA": [11],
            "kech": [STUDENT],
            "100%25": [STUDENT],
            "%25": [STUDENT],
            "_": [],
            "hech": [],
        }

    async def test_is_ordered_and_cut_as_asked(self, teacher: Caller) -> None:
        for value, day in ((10, "2026-02-18"), (90, "2026-02-19"), (50, "2026-02-17")):
            await teacher.post("/scores/", {"student": STUDENT, "value": value, "date": day})

        by_value = await teacher.get("/scores/?ordering=-value,id&unknown=1")
        newest = await teacher.get("/scores/")
        answer = await teacher.call("GET", "/scores/?limit=1&offset=1&ordering=nonsense")

        assert [row["value"] for row in by_value] == [90.0, 50.0, 10.0]
        assert [row["date"][-2:] for row in newest] == ["19", "18", "17"]
        assert [row["date"][-2:] for row in answer.json()] == ["18"]
        assert answer.headers["X-Total-Count"] == "3"

    async def test_is_filtered_by_what_a_row_says(self, teacher: Caller, owner: Caller) -> None:
        await teacher.post("/attendance/", attendances(STUDENT))
        await owner.post("/attendance/", {"student": STUDENT, "status": "absent"})

        for query, employees in (
            ("status=absent", [1]),
            (f"employee={TEACHER}", [TEACHER]),
            (f"student={STUDENT}&ordering=employee", [1, TEACHER]),
            ("date_to=2026-02-19", []),
        ):
            rows = await owner.get(f"/attendance/?{query}")
            assert [row["employee"] for row in rows] == employees, query
        assert "status" in await owner.refused("GET", "/attendance/?status=x", status=400)
