"""Scores over HTTP, as far as they differ from attendance."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI
from typing_extensions import override

from services.worklogs.tests.conftest import (
    FELLOW,
    ONE_DATABASE,
    STUDENT,
    TEACHER,
    TODAY,
    TOMORROW,
    Caller,
    StandIn,
)
from shared.testing.waiting import eventually
from worklogs.jobs import keep_subjects
from worklogs.service.subjects import digest_of_subjects

GOOD: Any = {"student": STUDENT, "value": 95}
ENGLISH: Any = {"subject_id": 2, "version": 1, "name": "Ingliz tili", "is_deleted": False}
GONE: Any = {"subject_id": 3, "version": 4, "name": "Lotin tili", "is_deleted": True}


@pytest.fixture
def exams() -> StandIn:
    exams = StandIn()
    exams.subjects = [ENGLISH, GONE]
    return exams


class TestRecordScore:
    async def test_answers_what_is_stored(self, teacher: Caller) -> None:
        row = await teacher.post("/scores/", {**GOOD, "subject": 2})

        assert row == {
            "id": row["id"],
            "employee": TEACHER,
            "student": STUDENT,
            "value": 95.0,
            "subject": 2,
            "date": TODAY,
            "note": None,
            "created_at": "2026-02-20T05:00:00Z",
            "updated_at": "2026-02-20T05:00:00Z",
        }
        assert await teacher.get(f"/scores/{row['id']}/") == row

    async def test_of_another_subject_is_another_row(self, teacher: Caller) -> None:
        plain = await teacher.post("/scores/", GOOD)
        english = await teacher.post("/scores/", {**GOOD, "subject": 2})
        again = await teacher.post("/scores/", {**GOOD, "value": 40.5})

        assert plain["subject"] is None
        assert (again["id"], again["value"]) == (plain["id"], 40.5)
        assert english["id"] != plain["id"]

    async def test_takes_0_to_100(self, teacher: Caller) -> None:
        for value in (0, 100, 33.333, 1e-3):
            row = await teacher.post("/scores/", {**GOOD, "value": value})

            assert row["value"] == value

    @ONE_DATABASE
    @pytest.mark.parametrize(
        ("value", "error"),
        [
            (-0.1, "Ensure this value is greater than or equal to 0."),
            (100.01, "Ensure this value is less than or equal to 100."),
            ("95", "A valid number is required."),
            (True, "A valid number is required."),
            (None, "This field may not be null."),
        ],
    )
    async def test_takes_no_other_value(self, teacher: Caller, value: Any, error: str) -> None:
        errors = await teacher.refused("POST", "/scores/", {**GOOD, "value": value}, status=400)

        assert errors == {"value": [error]}

    @ONE_DATABASE
    @pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999"])
    async def test_takes_no_number_that_is_none(self, teacher: Caller, text: str) -> None:
        answer = await teacher.client.post(
            "/api/v1/scores/",
            headers={**teacher.headers, "Content-Type": "application/json"},
            content=f'{{"student": {STUDENT}, "value": {text}}}',
        )

        assert answer.status_code == 400

    async def test_is_never_of_a_day_to_come(self, teacher: Caller) -> None:
        errors = await teacher.refused("POST", "/scores/", {**GOOD, "date": TOMORROW}, status=400)

        assert errors == {"date": ["Ensure this date is not in the future."]}


class TestTheSubject:
    async def test_is_asked_from_exams_once(self, teacher: Caller, exams: StandIn) -> None:
        for student in (STUDENT, FELLOW):
            await teacher.post("/scores/", {**GOOD, "student": student, "subject": 2})

        assert len(exams.asked) == 1

    @pytest.mark.parametrize("subject", [3, 999])
    async def test_must_exist(self, teacher: Caller, subject: int) -> None:
        body = {**GOOD, "subject": subject}

        errors = await teacher.refused("POST", "/scores/", body, status=400)

        assert errors == {"subject": [f'Invalid pk "{subject}" - object does not exist.']}

    async def test_is_believed_while_exams_is_away(self, teacher: Caller, exams: StandIn) -> None:
        exams.is_away = True

        row = await teacher.post("/scores/", {**GOOD, "subject": 999})

        assert row["subject"] == 999

    async def test_that_was_deleted_since_does_not_stand_in_the_way_of_an_edit(
        self, teacher: Caller, exams: StandIn
    ) -> None:
        exams.is_away = True
        row = await teacher.post("/scores/", {**GOOD, "subject": 3})
        exams.is_away = False

        answer = await teacher.call("PATCH", f"/scores/{row['id']}/", {"value": 50})
        errors = await teacher.refused(
            "PATCH", f"/scores/{row['id']}/", {"subject": 999}, status=400
        )
        cleared = await teacher.call("PATCH", f"/scores/{row['id']}/", {"subject": None})

        assert (answer.status_code, answer.json()["subject"]) == (200, 3)
        assert list(errors) == ["subject"]
        assert cleared.json()["subject"] is None


class TestUpdateScore:
    async def test_as_a_whole_leaves_out_what_is_optional(self, teacher: Caller) -> None:
        row = await teacher.post("/scores/", {**GOOD, "note": "zo'r", "date": "2026-02-10"})

        answer = await teacher.call("PUT", f"/scores/{row['id']}/", {**GOOD, "value": 96})

        assert answer.json() == {**row, "value": 96.0, "updated_at": answer.json()["updated_at"]}

    async def test_of_anothers_is_refused(self, teacher: Caller, colleague: Caller) -> None:
        row = await teacher.post("/scores/", GOOD)

        await colleague.refused("PATCH", f"/scores/{row['id']}/", {"value": 1}, status=403)
        await colleague.refused("DELETE", f"/scores/{row['id']}/", status=403)


class TestReadScores:
    async def test_shows_a_student_his_own_alone(self, teacher: Caller, student: Caller) -> None:
        mine, others = await teacher.post("/scores/", [GOOD, {**GOOD, "student": FELLOW}])

        assert await student.get("/scores/") == [mine]
        body = await student.refused("GET", f"/scores/{others['id']}/", status=404)
        assert body == {"detail": "No Score matches the given query."}


class TestTheReplicaOfSubjects:
    @pytest.mark.usefixtures("client")
    async def test_is_pulled_anew_when_it_was_lost(self, app: FastAPI) -> None:
        database = app.state.hpa.database
        app.state.hpa.clients["exams"] = Shelf([ENGLISH, GONE])
        task = asyncio.create_task(keep_subjects(app))

        async def held() -> tuple[int, int]:
            async with database.reading() as view:
                return await digest_of_subjects(view)

        assert await eventually(held, until=lambda found: found == (2, 5)) == (2, 5)
        task.cancel()


class Shelf(StandIn):
    """Exams with its digest and its pages."""

    def __init__(self, subjects: list[Any]) -> None:
        super().__init__()
        self.subjects = subjects

    @override
    async def get(self, path: str, **_: Any) -> Any:
        if "digest" in path:
            versions = sum(one["version"] for one in self.subjects)
            return {"count": len(self.subjects), "versions": versions}
        after = int(path.partition("after=")[2])
        return [one for one in self.subjects if one["subject_id"] > after]
