"""Attendance over HTTP: recorded, edited, deleted, read."""

import asyncio
from typing import Any

import httpx2
import pytest

from services.worklogs.tests.conftest import (
    COLLEAGUE,
    FELLOW,
    ONE_DATABASE,
    OWNER,
    STUDENT,
    TEACHER,
    TODAY,
    TOMORROW,
    YESTERDAY,
    Caller,
    SignIn,
    StandIn,
    told,
)

PRESENT: Any = {"student": STUDENT, "status": "present"}


async def logged(reader: Caller, day: str, employee: int = TEACHER) -> list[bool]:
    """Return the statuses of the employee's work logs of *day*: one, or none."""
    rows = await reader.get(f"/work-logs/?employee={employee}&date={day}")
    return [row["status"] for row in rows]


async def record_both(teacher: Caller, day: str) -> tuple[Any, Any]:
    attendance = await teacher.post("/attendance/", {**PRESENT, "date": day})
    score = await teacher.post("/scores/", {"student": STUDENT, "value": 80, "date": day})
    return attendance, score


class TestRecordAttendance:
    async def test_is_of_today_in_academy_time_and_by_the_caller(self, teacher: Caller) -> None:
        row = await teacher.post("/attendance/", {**PRESENT, "note": "bor"})

        assert row == {
            "id": row["id"],
            "employee": TEACHER,
            "student": STUDENT,
            "status": "present",
            "date": TODAY,
            "note": "bor",
            "created_at": "2026-02-20T05:00:00Z",
            "updated_at": "2026-02-20T05:00:00Z",
        }

    async def test_takes_an_array(self, teacher: Caller) -> None:
        rows = await teacher.post("/attendance/", [PRESENT, {"student": FELLOW, "status": "late"}])

        assert [(row["student"], row["status"]) for row in rows] == [
            (STUDENT, "present"),
            (FELLOW, "late"),
        ]

    async def test_takes_an_empty_array(self, teacher: Caller) -> None:
        assert await teacher.post("/attendance/", []) == []

    async def test_of_the_same_student_day_and_employee_changes_the_row(
        self, teacher: Caller, colleague: Caller
    ) -> None:
        first = await teacher.post("/attendance/", PRESENT)
        again = await teacher.post("/attendance/", {**PRESENT, "status": "excused", "date": TODAY})
        other = await colleague.post("/attendance/", PRESENT)

        assert (again["id"], again["status"]) == (first["id"], "excused")
        assert other["id"] != first["id"]
        assert len(await teacher.get("/attendance/")) == 2

    async def test_twice_in_one_array_keeps_the_last(self, teacher: Caller) -> None:
        rows = await teacher.post("/attendance/", [PRESENT, {**PRESENT, "status": "absent"}])

        assert rows[0] == rows[1]
        assert [row["status"] for row in await teacher.get("/attendance/")] == ["absent"]

    async def test_is_all_or_nothing(self, teacher: Caller) -> None:
        body = [PRESENT, {"student": 999, "status": "late"}, {**PRESENT, "date": TOMORROW}]

        errors = await teacher.refused("POST", "/attendance/", body, status=400)

        assert errors == [
            {},
            {"student": ['Invalid pk "999" - object does not exist.']},
            {"date": ["Ensure this date is not in the future."]},
        ]
        assert await teacher.get("/attendance/") == []

    @ONE_DATABASE
    @pytest.mark.parametrize(
        ("body", "errors"),
        [
            ({}, {"student": ["This field is required."], "status": ["This field is required."]}),
            ({**PRESENT, "status": "asleep"}, {"status": ["Not a valid choice."]}),
            ({**PRESENT, "student": "10"}, {"student": ["A valid integer is required."]}),
            ({**PRESENT, "student": True}, {"student": ["A valid integer is required."]}),
            ({**PRESENT, "student": None}, {"student": ["This field may not be null."]}),
            ({**PRESENT, "date": None}, {"date": ["This field may not be null."]}),
            ({**PRESENT, "note": "\x00"}, {"note": ["Null characters are not allowed."]}),
            (
                {**PRESENT, "student": COLLEAGUE},
                {"student": ['Invalid pk "4" - object does not exist.']},
            ),
            (
                {**PRESENT, "date": "2026-02-30"},
                {"date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]},
            ),
            (
                [PRESENT, "x"],
                [
                    {},
                    {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]},
                ],
            ),
        ],
    )
    async def test_names_what_is_wrong(self, teacher: Caller, body: Any, errors: Any) -> None:
        assert await teacher.refused("POST", "/attendance/", body, status=400) == errors

    @ONE_DATABASE
    async def test_takes_no_id_out_of_range(self, teacher: Caller) -> None:
        for student in (0, -1, 2**63):
            body = {**PRESENT, "student": student}

            assert "student" in await teacher.refused("POST", "/attendance/", body, status=400)

    @ONE_DATABASE
    async def test_takes_a_class_but_not_the_city(self, teacher: Caller) -> None:
        errors = await teacher.refused("POST", "/attendance/", [PRESENT] * 1001, status=400)

        assert errors == {"non_field_errors": ["Ensure this field has no more than 1000 elements."]}

    async def test_ignores_who_else_a_teacher_claims_to_be(self, teacher: Caller) -> None:
        row = await teacher.post("/attendance/", {**PRESENT, "employee": COLLEAGUE, "id": 77})

        assert row["employee"] == TEACHER
        assert row["id"] != 77

    async def test_lets_an_owner_name_the_employee(self, owner: Caller) -> None:
        named = await owner.post("/attendance/", {**PRESENT, "employee": TEACHER})
        unnamed = await owner.post("/attendance/", PRESENT)

        assert (named["employee"], unnamed["employee"]) == (TEACHER, OWNER)

    async def test_lets_an_owner_name_no_student_as_employee(self, owner: Caller) -> None:
        body = {**PRESENT, "employee": FELLOW}

        errors = await owner.refused("POST", "/attendance/", body, status=400)

        assert errors == {"employee": ['Invalid pk "11" - object does not exist.']}

    async def test_asks_auth_once_for_students_unknown_here(
        self, teacher: Caller, auth: StandIn
    ) -> None:
        auth.users = {one: told(one, "student") for one in (50, 51)}
        body = [{**PRESENT, "student": one} for one in (50, 51, STUDENT)]

        await teacher.post("/attendance/", body)
        await teacher.post("/attendance/", body)

        assert auth.asked == [[50, 51]]

    async def test_goes_on_for_known_students_while_auth_is_away(
        self, teacher: Caller, auth: StandIn
    ) -> None:
        auth.is_away = True

        await teacher.post("/attendance/", PRESENT)

        await teacher.refused("POST", "/attendance/", {**PRESENT, "student": 50}, status=503)

    async def test_is_for_staff(self, student: Caller, client: httpx2.AsyncClient) -> None:
        await student.refused("POST", "/attendance/", PRESENT, status=403)
        assert (await client.post("/api/v1/attendance/", json=PRESENT)).status_code == 401


class TestTheLog:
    async def test_is_true_once_both_halves_are_recorded(self, teacher: Caller) -> None:
        await teacher.post("/attendance/", PRESENT)
        half = await logged(teacher, TODAY)
        await teacher.post("/scores/", {"student": FELLOW, "value": 0})

        assert (half, await logged(teacher, TODAY)) == ([False], [True])

    async def test_is_of_the_day_recorded_not_of_the_day_of_recording(
        self, teacher: Caller
    ) -> None:
        await record_both(teacher, YESTERDAY)

        assert await logged(teacher, YESTERDAY) == [True]
        assert await logged(teacher, TODAY) == [False]

    async def test_of_a_day_before_he_was_hired_is_made_by_the_recording(
        self, teacher: Caller
    ) -> None:
        before = await logged(teacher, "2026-02-02")
        await record_both(teacher, "2026-02-02")

        assert (before, await logged(teacher, "2026-02-02")) == ([], [True])

    async def test_is_of_the_employee_whom_the_owner_names(self, owner: Caller) -> None:
        await owner.post("/attendance/", {**PRESENT, "employee": TEACHER})
        await owner.post("/scores/", {"student": STUDENT, "value": 7, "employee": TEACHER})

        assert await logged(owner, TODAY, TEACHER) == [True]

    async def test_is_for_employees_only(self, owner: Caller) -> None:
        await record_both(owner, TODAY)

        assert await logged(owner, TODAY, OWNER) == []

    async def test_of_somebody_hired_a_moment_ago_is_made_at_once(self, sign_in: SignIn) -> None:
        newcomer = sign_in(77, "employee")  # known by his token alone
        await record_both(newcomer, TODAY)

        assert await logged(newcomer, TODAY, 77) == [True]


class TestUpdateAttendance:
    async def test_changes_what_is_given(self, teacher: Caller) -> None:
        row = await teacher.post("/attendance/", {**PRESENT, "note": "bor"})

        answer = await teacher.call("PATCH", f"/attendance/{row['id']}/", {"status": "late"})

        assert answer.status_code == 200
        assert answer.json() == {**row, "status": "late", "updated_at": answer.json()["updated_at"]}

    async def test_recounts_the_day_it_left_and_the_day_it_came_to(self, teacher: Caller) -> None:
        attendance, _ = await record_both(teacher, TODAY)
        await teacher.post("/scores/", {"student": STUDENT, "value": 1, "date": YESTERDAY})

        await teacher.call("PATCH", f"/attendance/{attendance['id']}/", {"date": YESTERDAY})

        assert await logged(teacher, TODAY) == [False]
        assert await logged(teacher, YESTERDAY) == [True]

    async def test_as_a_whole_needs_what_is_required(self, teacher: Caller) -> None:
        row = await teacher.post("/attendance/", PRESENT)
        path = f"/attendance/{row['id']}/"

        errors = await teacher.refused("PUT", path, {"status": "late"}, status=400)
        answer = await teacher.call("PUT", path, {"status": "late", "student": FELLOW})

        assert errors == {"student": ["This field is required."]}
        assert (answer.json()["student"], answer.json()["date"]) == (FELLOW, TODAY)

    async def test_makes_no_two_rows_the_same(self, teacher: Caller) -> None:
        first, second = await teacher.post(
            "/attendance/", [PRESENT, {**PRESENT, "student": FELLOW}]
        )

        errors = await teacher.refused(
            "PATCH", f"/attendance/{second['id']}/", {"student": STUDENT}, status=400
        )

        assert errors == {
            "non_field_errors": ["The fields student, date, employee must make a unique set."]
        }
        assert (await teacher.get(f"/attendance/{first['id']}/")) == first

    async def test_is_judged_like_a_new_one(self, teacher: Caller) -> None:
        row = await teacher.post("/attendance/", PRESENT)
        path = f"/attendance/{row['id']}/"

        assert "date" in await teacher.refused("PATCH", path, {"date": TOMORROW}, status=400)
        assert "student" in await teacher.refused("PATCH", path, {"student": 999}, status=400)
        assert "status" in await teacher.refused("PATCH", path, {"status": "gone"}, status=400)

    async def test_is_for_who_recorded_it_and_for_owners(
        self, teacher: Caller, colleague: Caller, owner: Caller, student: Caller
    ) -> None:
        row = await teacher.post("/attendance/", PRESENT)
        path = f"/attendance/{row['id']}/"

        for method in ("PATCH", "PUT", "DELETE"):
            await colleague.refused(method, path, {"status": "no such"}, status=403)
            await student.refused(method, path, {"status": "no such"}, status=403)
        answer = await owner.call("PATCH", path, {"employee": COLLEAGUE})

        assert answer.json()["employee"] == COLLEAGUE

    async def test_moves_the_credit_when_the_owner_names_another(
        self, teacher: Caller, owner: Caller
    ) -> None:
        attendance, score = await record_both(teacher, TODAY)

        for book, row in (("attendance", attendance), ("scores", score)):
            await owner.call("PATCH", f"/{book}/{row['id']}/", {"employee": COLLEAGUE})

        assert await logged(owner, TODAY, TEACHER) == [False]
        assert await logged(owner, TODAY, COLLEAGUE) == [True]

    async def test_of_an_absent_one_is_404(self, teacher: Caller) -> None:
        for absent in ("999", "x", "0", str(2**63)):
            body = await teacher.refused("PATCH", f"/attendance/{absent}/", {}, status=404)

            assert body == {"detail": "No Attendance matches the given query."}


class TestARace:
    async def test_for_one_key_makes_one_row(self, teacher: Caller) -> None:
        answers = await asyncio.gather(
            *(teacher.call("POST", "/attendance/", [PRESENT]) for _ in range(10))
        )

        assert {answer.status_code for answer in answers} == {201}
        assert len(await teacher.get("/attendance/")) == 1

    async def test_of_edits_and_deletes_ends_in_what_is_stored(self, teacher: Caller) -> None:
        attendance, _ = await record_both(teacher, TODAY)
        path = f"/attendance/{attendance['id']}/"

        answers = await asyncio.gather(
            *(teacher.call("PATCH", path, {"date": day}) for day in (YESTERDAY, TODAY) * 3),
            teacher.call("DELETE", path),
            teacher.call("PATCH", path, {"status": "late"}),
        )

        assert {answer.status_code for answer in answers} <= {200, 204, 404}
        assert await logged(teacher, TODAY) == await logged(teacher, YESTERDAY) == [False]


class TestDeleteAttendance:
    async def test_takes_the_day_back(self, teacher: Caller) -> None:
        attendance, _ = await record_both(teacher, TODAY)

        answer = await teacher.call("DELETE", f"/attendance/{attendance['id']}/")

        assert (answer.status_code, answer.content) == (204, b"")
        assert await logged(teacher, TODAY) == [False]
        await teacher.refused("DELETE", f"/attendance/{attendance['id']}/", status=404)

    async def test_leaves_the_day_to_what_else_is_recorded(self, teacher: Caller) -> None:
        attendance, _ = await record_both(teacher, TODAY)
        await teacher.post("/attendance/", {**PRESENT, "student": FELLOW})

        await teacher.call("DELETE", f"/attendance/{attendance['id']}/")

        assert await logged(teacher, TODAY) == [True]


class TestReadAttendance:
    async def test_shows_a_student_his_own_alone(self, teacher: Caller, student: Caller) -> None:
        mine, others = await teacher.post("/attendance/", [PRESENT, {**PRESENT, "student": FELLOW}])

        assert await student.get("/attendance/") == [mine]
        assert await student.get(f"/attendance/?student={FELLOW}") == []
        assert await student.get(f"/attendance/{mine['id']}/") == mine
        await student.refused("GET", f"/attendance/{others['id']}/", status=404)

    async def test_shows_staff_everything(self, teacher: Caller, colleague: Caller) -> None:
        row = await teacher.post("/attendance/", PRESENT)

        assert await colleague.get("/attendance") == [row]
        assert await colleague.get(f"/attendance/{row['id']}") == row
