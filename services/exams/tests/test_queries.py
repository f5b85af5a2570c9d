"""Hot paths ask the database little, and what they ask is found by an index."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event, insert, select, text

from exams.models import Exam, Option, Question, Subject
from exams.repository.participants import recount_participants
from exams.service import exams as service
from exams.service.contents import Contents, Form
from exams.service.exams import ExamFilter
from services.exams.tests.people import Person, exam_body
from shared.db.engine import Database
from shared.http.replies import reply
from shared.testing.statements import glances

OWN = ("exams", "questions", "options", "code_guards", "result_replicas")
NOW = datetime(2026, 2, 20, 12, tzinfo=UTC)


@dataclass
class Statements:
    """What a database was asked, with the parameters, as the driver got them."""

    asked: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def selects(self) -> list[str]:
        return [statement for statement, _ in self.asked if statement.startswith("SELECT")]


@contextmanager
def watched(database: Database) -> Iterator[Statements]:
    """Note every statement that reads from *database*."""
    seen = Statements()

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if any(name in statement for name in OWN):  # not what runs beside the requests
            seen.asked.append((statement, parameters))

    engines = [database._writes.sync_engine]
    if database.dialect == "sqlite":  # on PostgreSQL both are one
        engines.append(database._reads.sync_engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    with glances(lambda statement, values: note(None, None, statement, values)):
        yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


class TestHotPaths:
    async def test_ask_the_same_number_of_questions_whatever_there_is(
        self, teacher: Person, student: Person, published: Any, service_database: Database
    ) -> None:
        paths = ["/exams/", "/exams/?limit=2", f"/exams/{published['id']}/"]

        numbers = []
        for _ in range(2):
            with watched(service_database) as seen:
                for path in paths:
                    await student.get(path)
                    numbers.append(len(seen.selects))
                    seen.asked.clear()
                await student.post("/exams/enter-code/", {"code": published["code"]})
                numbers.append(len(seen.selects))
            for _ in range(5):
                await teacher.post("/exams/", exam_body(published["subject"]))

        # The list is read with its state; the questions are read once …
        assert numbers[:4] == [2, 2, 4, 1]
        # … and remembered; of the list, which has changed, the old state is asked first.
        assert numbers[4:] == [3, 2, 1, 1]

    async def test_remember_questions_for_each_kind_of_reader(
        self, teacher: Person, student: Person, published: Any, app: FastAPI
    ) -> None:
        for person in (teacher, student, teacher, student):
            await person.get(f"/exams/{published['id']}/")

        contents: Contents = app.state.contents
        assert [key[1:] for key in contents._kept] == [(1, Form.KEYED), (1, Form.KEYLESS)]

    async def test_remember_no_more_than_they_may(
        self, teacher: Person, subject: int, service_database: Database
    ) -> None:
        body = exam_body(subject, is_published=True)
        made = [await teacher.post("/exams/", body) for _ in range(6)]
        contents = Contents(limit=3000)

        for exam in made * 2:
            async with service_database.reading() as view:
                row, questions = await service.get_exam(
                    view, contents, exam["id"], for_student=True
                )
                assert row.id == exam["id"]
                assert bytes(reply([questions]).body).count(b"Birinchi") == 1
                assert contents._size <= 3000

        assert 1 <= len(contents._kept) < 6

    async def test_write_questions_of_an_aborted_edit_nowhere(
        self, teacher: Person, exam: Any, app: FastAPI
    ) -> None:
        path = f"/exams/{exam['id']}/"
        await teacher.ask("PATCH", path, {"questions": [], "subject": 999})

        assert (await teacher.get(path))["questions"] == exam["questions"]
        assert app.state.contents._kept


async def fill(database: Database) -> None:
    """Store enough for an index to be worth its while: many exams, and students who took them."""
    async with database.transaction() as tx:
        for place in range(1, 41):
            row = {"name": f"S{place}", "name_key": f"s{place}", "version": 1}
            await tx.execute(insert(Subject).values(row | {"created_at": NOW, "is_deleted": False}))
        exams = [
            {
                "title": f"T{place}",
                "search_text": f"t{place}",
                "code": f"{place:06}",
                "subject_id": place % 40 + 1,
                "time_limit": 0,
                "is_published": True,
                "is_active": True,
                "date": NOW.date().replace(day=place % 28 + 1),
                "created_by": place % 50,
                "created_at": NOW,
                "questions_count": 1,
                "participants_count": 0,
                "version": 1,
                "questions_version": 1,
                "is_deleted": False,
            }
            for place in range(3000)
        ]
        await tx.execute(insert(Exam), exams)
        ids = (await tx.scalars(select(Exam.id))).all()
        rows = {"text": "?", "order": 1}
        question = rows | {"type": "test", "created_at": NOW}
        await tx.execute(insert(Question), [question | {"exam_id": each} for each in ids])
        questions = (await tx.scalars(select(Question.id))).all()
        option = rows | {"is_correct": True}
        await tx.execute(insert(Option), [option | {"question_id": each} for each in questions])
        await tx.execute(text("ANALYZE"))


async def plans(database: Database, seen: Statements) -> list[str]:
    """Return how the database goes about each statement."""
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    found = []
    async with database.transaction() as tx:
        connection = await tx.connection()
        if database.dialect == "postgresql":  # else small tables are scanned, index or not
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for statement, parameters in seen.asked:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                rows = await connection.exec_driver_sql(explain + statement, parameters)
                found.append("\n".join(str(row[-1]) for row in rows))
    return found


class TestIndexes:
    @pytest.fixture
    async def filled(self, database: Database) -> Database:
        await fill(database)
        return database

    async def test_find_what_is_asked_for(self, filled: Database) -> None:
        async with filled.reading() as view:
            exam_id = (await view.scalars(select(Exam.id).limit(1))).one()

        with watched(filled) as seen:
            async with filled.reading() as view:
                await service.get_exam(view, Contents(), exam_id, for_student=True)
                await service.find_exam_by_code(view, Contents(), "ABCDEF", for_student=True)
                await service.require_guesses_left(view, 10, now=NOW)
                await service.list_exams(view, ExamFilter(subject=3))
                await service.list_exams(view, ExamFilter(created_by=3))
                await service.list_exams(view, ExamFilter(date=NOW.date()))
                await service.list_exams(view, ExamFilter(published_only=True))
                await service.list_exam_states(view, after=10, limit=20)
            async with filled.transaction() as tx:
                await recount_participants(tx, [exam_id])
        found = await plans(filled, seen)

        for plan in found:
            scans = [line for line in plan.splitlines() if line.startswith("SCAN")]
            # The list of all exams goes along the key, which is its order.
            assert not [line for line in scans if line != "SCAN exams"], plan
            assert "Seq Scan" not in plan
        named = "\n".join(found)
        for index in (
            "uq_exams_code" if filled.dialect == "postgresql" else "sqlite_autoindex_exams",
            "ix_exams_subject_id_id",
            "ix_exams_created_by_id",
            "ix_exams_date_id",
            "ix_questions_exam_id_order_id",
            "ix_options_question_id_order_id",
            "ix_result_replicas_exam_id_is_deleted",
        ):
            assert index in named, index
