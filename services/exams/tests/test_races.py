"""Two at once: questions never mix, versions are never lost, codes are never shared."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from exams import domain
from exams.errors import CodesExhausted, SubjectInUse, UnknownSubject
from exams.models import Exam, Option, Question
from exams.service import authoring, subjects
from exams.service.authoring import ExamDraft
from services.exams.tests.people import Person, exam_body, question
from shared.db.engine import Database

NOW = datetime(2026, 2, 20, 12, tzinfo=UTC)


async def subject_in(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await subjects.create_subject(tx, "Fizika", now=NOW)).id)


def draft_for(subject_id: int) -> ExamDraft:
    return ExamDraft(
        {
            "title": "Imtihon",
            "subject_id": subject_id,
            "description": None,
            "time_limit": 0,
            "is_published": False,
            "is_active": True,
            "date": NOW.date(),
        },
        [],
    )


class TestEditsAtOnce:
    async def test_never_mix_their_questions(
        self, teacher: Person, exam: Any, service_database: Database
    ) -> None:
        path = f"/exams/{exam['id']}/"
        bodies = [
            exam_body(exam["subject"], title=name, questions=[question(name)] * 5)
            for name in "abcd"
        ]

        edited = await asyncio.gather(*(teacher.put(path, body) for body in bodies))

        final = await teacher.get(path)
        assert [each["text"] for each in final["questions"]] == [final["title"]] * 5
        assert final in edited
        async with service_database.reading() as view:
            stored = (await view.scalars(select(Exam))).one()
            questions = (await view.scalars(select(Question.id))).all()
            options = (await view.scalars(select(Option.question_id))).all()
        assert stored.version == 5
        assert len(questions) == 5
        assert set(options) == set(questions)

    async def test_lose_neither_a_publish_nor_an_edit(
        self, teacher: Person, exam: Any, service_database: Database
    ) -> None:
        path = f"/exams/{exam['id']}/"

        await asyncio.gather(
            *(teacher.patch(path, {"title": f"T{n}", "time_limit": n}) for n in range(1, 6)),
            teacher.post(f"{path}publish/"),
            teacher.patch(path, {"is_active": False}),
        )

        final = await teacher.get(path)
        assert final["title"] == f"T{final['time_limit']}"
        assert (final["is_published"], final["is_active"]) == (True, False)
        async with service_database.reading() as view:
            assert await view.scalar(select(Exam.version)) == 8

    async def test_leave_readers_with_one_version(
        self, teacher: Person, student: Person, published: Any
    ) -> None:
        path = f"/exams/{published['id']}/"

        async def edit(name: str) -> None:
            await teacher.patch(path, {"title": name, "questions": [question(name)] * 3})

        async def read() -> set[str]:
            seen = await student.get(path)
            return {seen["title"], *(each["text"] for each in seen["questions"])}

        await edit("z")
        edits = [edit(name) for name in "abcde"]
        _, *seen = await asyncio.gather(asyncio.gather(*edits), *(read() for _ in range(20)))

        assert {len(each) for each in seen} == {1}

    async def test_and_a_delete_leave_it_deleted(self, teacher: Person, exam: Any) -> None:
        path = f"/exams/{exam['id']}/"

        answers = await asyncio.gather(
            *(teacher.ask("PATCH", path, {"title": f"T{n}"}) for n in range(3)),
            teacher.ask("DELETE", path),
            teacher.ask("DELETE", path),
            teacher.ask("POST", f"{path}publish/"),
        )

        assert sorted(each.status_code for each in answers[3:5]) == [204, 404]
        assert {each.status_code for each in answers} <= {200, 204, 404}
        assert await teacher.get("/exams/") == []


class TestCodes:
    async def test_are_drawn_again_when_another_exam_has_one(self, database: Database) -> None:
        subject_id = await subject_in(database)
        codes = iter(["AAAAAA", "AAAAAA", "AAAAAA", "BBBBBB", "AAAAAA", "CCCCCC"])

        written = []
        for _ in range(2):
            async with database.transaction() as tx:
                written.append(await create(tx, subject_id, codes))
        async with database.transaction() as tx:
            copied = await authoring.copy_exam(
                tx, written[0].exam.id, author_id=1, now=NOW, draw_code=lambda: next(codes)
            )

        found = [each.exam.code for each in (*written, copied)]
        assert found == ["AAAAAA", "BBBBBB", "CCCCCC"]

    async def test_end_in_a_503_when_none_is_free(self, database: Database) -> None:
        subject_id = await subject_in(database)
        drawn = iter(["AAAAAA"] * (domain.CODE_TRIES + 1))
        async with database.transaction() as tx:
            await create(tx, subject_id, drawn)

        with pytest.raises(CodesExhausted):
            async with database.transaction() as tx:
                await create(tx, subject_id, drawn)

    async def test_differ_when_many_exams_are_written_at_once(self, database: Database) -> None:
        subject_id = await subject_in(database)
        draws = [iter(["AAAAAA", "BBBBBB", "CCCCCC", "DDDDDD"]) for _ in range(4)]

        async def one(codes: Iterator[str]) -> str:
            async with database.transaction() as tx:
                return (await create(tx, subject_id, codes)).exam.code

        found = await asyncio.gather(*(one(codes) for codes in draws))

        assert sorted(found) == ["AAAAAA", "BBBBBB", "CCCCCC", "DDDDDD"]


async def create(tx: Any, subject_id: int, codes: Iterator[str]) -> authoring.Written:
    return await authoring.create_exam(
        tx, draft_for(subject_id), author_id=1, now=NOW, draw_code=lambda: next(codes)
    )


class TestSubjects:
    async def test_of_one_name_are_made_once(self, teacher: Person) -> None:
        answers = await asyncio.gather(
            *(teacher.ask("POST", "/subjects/", {"name": name}) for name in ("x", "X", "x", "X"))
        )

        assert sorted(each.status_code for each in answers) == [201, 400, 400, 400]

    async def test_never_leave_an_exam_behind_when_they_go(self, database: Database) -> None:
        async def write(subject_id: int) -> str:
            try:
                async with database.transaction() as tx:
                    await authoring.create_exam(tx, draft_for(subject_id), author_id=1, now=NOW)
            except UnknownSubject:
                return "refused"
            return "done"

        async def drop(subject_id: int) -> str:
            try:
                async with database.transaction() as tx:
                    await subjects.delete_subject(tx, subject_id)
            except SubjectInUse:
                return "refused"
            return "done"

        for place in range(8):
            async with database.transaction() as tx:
                row = await subjects.create_subject(tx, f"S{place}", now=NOW)
            first, second = (write, drop) if place % 2 else (drop, write)

            outcome = await asyncio.gather(first(row.id), second(row.id))

            assert sorted(outcome) == ["done", "refused"]
