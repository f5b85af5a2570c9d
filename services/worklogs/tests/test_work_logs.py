"""Work logs, the month and the dashboard over HTTP."""

from typing import Any

import pytest

from services.worklogs.tests.conftest import (
    COLLEAGUE,
    FELLOW,
    ONE_DATABASE,
    STUDENT,
    TEACHER,
    TODAY,
    YESTERDAY,
    Caller,
    tell,
    told,
)

HIRED = "2026-02-18"


async def work(teacher: Caller, day: str = TODAY) -> None:
    await teacher.post("/attendance/", {"student": STUDENT, "status": "present", "date": day})
    await teacher.post("/scores/", {"student": STUDENT, "value": 80, "date": day})


class TestListWorkLogs:
    async def test_shows_the_rows_of_the_document_newest_day_first(self, teacher: Caller) -> None:
        rows = await teacher.get("/work-logs/")

        assert [(row["date"], row["employee"]) for row in rows] == [
            (day, employee)
            for day in (TODAY, YESTERDAY, HIRED)
            for employee in (COLLEAGUE, TEACHER)
        ]
        assert rows[0] == {
            "id": rows[0]["id"],
            "employee": COLLEAGUE,
            "date": TODAY,
            "status": False,
            "note": None,
            "created_at": "2026-02-20T05:00:00Z",
        }
        assert await teacher.get(f"/work-logs/{rows[0]['id']}/") == rows[0]

    async def test_filters(self, teacher: Caller) -> None:
        await work(teacher)

        for query, count in (
            (f"employee={TEACHER}", 3),
            (f"employee={TEACHER}&status=true", 1),
            ("status=false", 5),
            (f"date={YESTERDAY}", 2),
            (f"date_from={YESTERDAY}", 4),
            (f"date_to={YESTERDAY}", 4),
            (f"date_from={YESTERDAY}&date_to={YESTERDAY}&employee={COLLEAGUE}", 1),
            ("search=nodira", 3),
            ("search=%25", 0),
            ("employee=&status=&date=", 6),
            ("employee=999", 0),
            ("offset=4", 2),
        ):
            assert len(await teacher.get(f"/work-logs/?{query}")) == count, query

    @ONE_DATABASE
    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("employee=x", "employee"),
            (f"employee={2**63}", "employee"),
            ("status=maybe", "status"),
            ("date=2026-02-30", "date"),
            ("date_from=20260220", "date_from"),
            ("limit=x", "limit"),
        ],
    )
    async def test_names_the_filter_that_is_wrong(
        self, teacher: Caller, query: str, field: str
    ) -> None:
        assert list(await teacher.refused("GET", f"/work-logs/?{query}", status=400)) == [field]

    async def test_counts_for_pages(self, teacher: Caller) -> None:
        answer = await teacher.call("GET", "/work-logs/?limit=2&offset=2&ordering=employee,-date")

        assert [(row["employee"], row["date"]) for row in answer.json()] == [
            (TEACHER, HIRED),
            (COLLEAGUE, TODAY),
        ]
        assert answer.headers["X-Total-Count"] == "6"
        assert 'rel="next"' in answer.headers["Link"]

    async def test_is_for_staff(self, student: Caller, owner: Caller) -> None:
        for path in ("/work-logs/", "/work-logs/1/", "/work-logs/summary/", "/dashboard/"):
            await student.refused("GET", path, status=403)
        assert len(await owner.get("/work-logs/")) == 6


class TestWriteWorkLogs:
    @ONE_DATABASE
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    async def test_is_not_possible(self, owner: Caller, method: str) -> None:
        for path in ("/work-logs/", "/work-logs/1/", "/work-logs/summary/", "/work-logs"):
            answer = await owner.call(method, path, {"status": True})

            assert answer.status_code == 405
            assert answer.json() == {"detail": f'Method "{method}" not allowed.'}
            assert "GET" in answer.headers["Allow"]


class TestGetWorkLog:
    async def test_that_is_absent_is_404(self, teacher: Caller) -> None:
        for absent in ("9999", "0", "x", str(2**63)):
            body = await teacher.refused("GET", f"/work-logs/{absent}/", status=404)

            assert body == {"detail": "No WorkLog matches the given query."}


class TestSummarizeMonth:
    async def test_says_what_each_missed_day_lacks(self, teacher: Caller) -> None:
        await work(teacher, YESTERDAY)
        await teacher.post("/attendance/", {"student": STUDENT, "status": "present"})
        await teacher.post("/scores/", {"student": STUDENT, "value": 1, "date": HIRED})

        assert await teacher.get("/work-logs/summary/?month=2026-02") == [
            {
                "employee": TEACHER,
                "full_name": "Nodira Karimova",
                "worked_days": 1,
                "missed": [
                    {"date": HIRED, "missing": ["attendance"]},
                    {"date": TODAY, "missing": ["score"]},
                ],
            },
            {
                "employee": COLLEAGUE,
                "full_name": "Jasur Toshev",
                "worked_days": 0,
                "missed": [
                    {"date": day, "missing": ["attendance", "score"]}
                    for day in (HIRED, YESTERDAY, TODAY)
                ],
            },
        ]

    async def test_is_of_the_present_month_by_default(self, teacher: Caller) -> None:
        months = [await teacher.get(f"/work-logs/summary{end}") for end in ("/", "/?month=2026-02")]

        assert months[0] == months[1] != []
        assert await teacher.get("/work-logs/summary/?month=2026-01") == []

    async def test_can_be_of_one_employee(self, teacher: Caller) -> None:
        found = await teacher.get(f"/work-logs/summary/?month=2026-02&employee={COLLEAGUE}")

        assert [one["employee"] for one in found] == [COLLEAGUE]

    @ONE_DATABASE
    async def test_names_a_wrong_month(self, teacher: Caller) -> None:
        for month in ("2026-13", "2026-2", "2026", "x", "2026-02-01", "0000-01"):
            path = f"/work-logs/summary/?month={month}"

            errors = await teacher.refused("GET", path, status=400)

            assert errors == {"month": ["Enter a month as YYYY-MM."]}


class TestShowDashboard:
    async def test_counts_the_employees_to_the_letter(self, teacher: Caller) -> None:
        await work(teacher)

        dashboard = await teacher.get("/dashboard/")

        assert dashboard["attendance"] == {"employees_present_today": 1, "total_employees": 2}

    async def test_counts_active_employees_only(
        self, app: Any, teacher: Caller, owner: Caller
    ) -> None:
        await work(teacher)
        gone = told(TEACHER, "employee", version=2, is_active=False)
        await tell(app.state.hpa.database, gone)

        dashboard = await owner.get("/dashboard/")

        assert dashboard["attendance"] == {"employees_present_today": 0, "total_employees": 1}

    async def test_adds_what_this_service_knows_by_itself(self, teacher: Caller) -> None:
        await work(teacher)
        await work(teacher, YESTERDAY)
        await teacher.post("/attendance/", {"student": FELLOW, "status": "absent"})
        await teacher.post("/scores/", {"student": FELLOW, "value": 45.5})

        dashboard = await teacher.get("/dashboard/")

        assert dashboard["students"] == {
            "total_students": 2,
            "marked_today": 2,
            "present_today": 1,
        }
        assert dashboard["scores"] == {"given_today": 2, "average_today": 62.75}

    async def test_of_an_empty_day_has_no_average(self, teacher: Caller) -> None:
        dashboard = await teacher.get("/dashboard/")

        assert dashboard["scores"] == {"given_today": 0, "average_today": None}
