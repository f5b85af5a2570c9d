"""Every change is told once, with a version that grows, in the transaction of the change."""

import json
from typing import Any

from sqlalchemy import select

from services.exams.tests.people import Person, exam_body, question
from shared.db.engine import Database
from shared.events.tables import Outbox


async def told(database: Database, subject: str) -> list[Any]:
    async with database.reading() as view:
        rows = await view.scalars(select(Outbox).filter_by(subject=subject).order_by(Outbox.id))
        return [json.loads(row.payload)["data"] for row in rows]


class TestExamChanged:
    async def test_tells_every_change_with_the_next_version(
        self, teacher: Person, exam: Any, service_database: Database
    ) -> None:
        path = f"/exams/{exam['id']}/"
        await teacher.post(f"{path}publish/")
        await teacher.patch(path, {"questions": [question()], "is_active": False})
        await teacher.patch(path, {"title": "Yangi"})
        await teacher.post(f"{path}unpublish/")
        await teacher.delete(path)

        events = await told(service_database, "hpa.exam.changed.v1")

        names = ("version", "questions_version", "is_published", "is_active", "is_deleted")
        assert [tuple(each[name] for name in names) for each in events] == [
            (1, 1, False, True, False),
            (2, 1, True, True, False),
            (3, 3, True, False, False),
            (4, 3, True, False, False),
            (5, 3, False, False, False),
            (6, 3, False, False, True),
        ]
        assert [each["title"] for each in events][2:4] == [exam["title"], "Yangi"]

    async def test_is_silent_when_nothing_changed_or_all_was_refused(
        self, teacher: Person, exam: Any, service_database: Database
    ) -> None:
        path = f"/exams/{exam['id']}/"
        await teacher.post(f"{path}unpublish/")
        await teacher.patch(path, {"title": exam["title"], "time_limit": 30})
        await teacher.ask("PATCH", path, {"title": "x", "subject": 999})
        await teacher.ask("POST", "/exams/", exam_body(999))

        assert len(await told(service_database, "hpa.exam.changed.v1")) == 1

    async def test_never_tells_a_key(
        self, teacher: Person, exam: Any, service_database: Database
    ) -> None:
        await teacher.post(f"/exams/{exam['id']}/copy/")

        events = await told(service_database, "hpa.exam.changed.v1")

        assert [each["exam_id"] for each in events] == [exam["id"], exam["id"] + 1]
        assert not [each for each in events if "questions" in each or "correct" in str(each)]


class TestSubjectChanged:
    async def test_tells_every_change_with_the_next_version(
        self, teacher: Person, subject: int, service_database: Database
    ) -> None:
        path = f"/subjects/{subject}/"
        await teacher.patch(path, {"name": "Nemis tili"})
        await teacher.patch(path, {"name": "Nemis tili"})
        await teacher.ask("POST", "/subjects/", {"name": "NEMIS TILI"})
        await teacher.delete(path)

        assert await told(service_database, "hpa.subject.changed.v1") == [
            {"subject_id": subject, "version": version, "name": name, "is_deleted": is_deleted}
            for version, name, is_deleted in (
                (1, "Ingliz tili", False),
                (2, "Nemis tili", False),
                (3, "Nemis tili", True),
            )
        ]
