"""The list of exams is written once and never told when it is old, whoever changed it."""

from typing import Any

import pytest

from exams.service import catalogue
from exams.service.authoring import ExamDraft, edit_exam
from exams.service.subjects import rename_subject
from services.exams.tests.people import Person, exam_body
from services.exams.tests.test_participants import deliver, messages, result
from services.exams.tests.test_queries import watched
from services.exams.tests.test_races import NOW
from shared.db.engine import Database


class TestTheListOfExams:
    """`database` is another process: the service does not hear of what is written there."""

    async def test_is_read_once_while_nothing_changes(
        self, teacher: Person, published: Any, service_database: Database
    ) -> None:
        first = await teacher.get("/exams/")

        with watched(service_database) as seen:
            assert await teacher.get("/exams/") == first

        assert [exam["id"] for exam in first] == [published["id"]]
        assert len(seen.selects) == 1

    async def test_is_another_one_for_students(
        self, teacher: Person, student: Person, published: Any
    ) -> None:
        draft = await teacher.post("/exams/", exam_body(published["subject"]))

        for _ in range(2):
            mine = [exam["id"] for exam in await teacher.get("/exams/")]
            assert mine == [draft["id"], published["id"]]
            assert [exam["id"] for exam in await student.get("/exams/")] == [published["id"]]

    async def test_shows_what_another_process_edits(
        self, teacher: Person, exam: Any, database: Database
    ) -> None:
        await teacher.get("/exams/")

        async with database.transaction() as tx:
            await edit_exam(tx, exam["id"], ExamDraft({"title": "Yangi"}), now=NOW)

        assert [one["title"] for one in await teacher.get("/exams/")] == ["Yangi"]

    async def test_shows_the_new_name_of_a_subject(
        self, teacher: Person, exam: Any, database: Database
    ) -> None:
        await teacher.get("/exams/")

        async with database.transaction() as tx:
            await rename_subject(tx, exam["subject"], "Nemis tili")

        assert [one["subject_name"] for one in await teacher.get("/exams/")] == ["Nemis tili"]

    async def test_counts_anew_where_one_exam_wins_whom_another_loses(
        self, teacher: Person, exam: Any, database: Database
    ) -> None:
        other = await teacher.post("/exams/", exam_body(exam["subject"]))
        await deliver(database, messages([result(1, 1, exam["id"])]))
        await teacher.get("/exams/")

        moved = [result(1, 2, exam["id"], is_deleted=True), result(2, 1, other["id"])]
        await deliver(database, messages(moved), together=2)

        counts = {one["id"]: one["participants_count"] for one in await teacher.get("/exams/")}
        assert counts == {exam["id"]: 0, other["id"]: 1}

    async def test_is_not_kept_when_it_is_long(
        self,
        teacher: Person,
        exam: Any,
        service_database: Database,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(catalogue, "LIMIT", 10)
        await teacher.get("/exams/")

        with watched(service_database) as seen:
            assert [one["id"] for one in await teacher.get("/exams/")] == [exam["id"]]

        assert len(seen.selects) == 2
