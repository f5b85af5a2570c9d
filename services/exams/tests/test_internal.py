"""What other services are told: whole exams with their keys, and nobody else is told."""

from typing import Any

import pytest

from services.exams.tests.people import Person, exam_body, question
from services.exams.tests.test_push import state_of
from shared.security.tokens import ServiceTokens
from shared.testing.tokens import SERVICE_SECRET


@pytest.fixture
def service(nobody: Person) -> Person:
    """Another service, with its token."""
    token = ServiceTokens.mint(SERVICE_SECRET, caller="results", audience="exams")
    return Person(nobody.client, {"Authorization": f"Bearer {token}"})


class TestExamStates:
    async def test_hold_the_key(self, service: Person, teacher: Person, exam: Any) -> None:
        path = f"/internal/exams/{exam['id']}/"

        assert await service.get(path) == state_of(exam)
        assert await service.get("/internal/exams/") == [state_of(exam)]
        await teacher.post(f"/exams/{exam['id']}/publish/")
        assert await service.get(path) == state_of(exam, version=2, is_published=True)

    async def test_of_deleted_exams_are_empty(
        self, service: Person, teacher: Person, exam: Any
    ) -> None:
        await teacher.delete(f"/exams/{exam['id']}/")

        gone = state_of(exam, version=2, is_deleted=True, questions=[])
        assert await service.get(f"/internal/exams/{exam['id']}/") == gone
        assert await service.get("/internal/exams/") == [gone]
        assert await service.get("/internal/exams/digest/") == {"count": 1, "versions": 2}

    async def test_are_known_by_their_versions(
        self, service: Person, teacher: Person, exam: Any, subject: int
    ) -> None:
        other = await teacher.post("/exams/", exam_body(subject))
        await teacher.post(f"/exams/{exam['id']}/publish/")
        await teacher.delete(f"/exams/{other['id']}/")

        found = await service.post(
            "/internal/exams/versions/", {"ids": [exam["id"], other["id"], 999]}
        )

        assert sorted(found) == [[exam["id"], 2], [other["id"], 2]]

    async def test_come_in_pages_by_id(
        self, service: Person, teacher: Person, subject: int
    ) -> None:
        long = [question(options=2)] * 300
        made = [
            await teacher.post("/exams/", exam_body(subject, questions=questions))
            for questions in ([], long, long, long, long, long, long, [])
        ]

        pages, after = [], 0
        while page := await service.get(f"/internal/exams/?after={after}"):
            pages.append(page)
            after = page[-1]["exam_id"]

        assert [each["exam_id"] for page in pages for each in page] == [each["id"] for each in made]
        assert [len(page) for page in pages] == [6, 2]
        assert [len(page) for page in (await service.get("/internal/exams/?limit=1"),)] == [1]
        assert await service.get("/internal/exams/digest/") == {"count": 8, "versions": 8}

    async def test_of_unknown_exams_are_404(self, service: Person) -> None:
        assert (await service.ask("GET", "/internal/exams/999/")).status_code == 404


class TestSubjectStates:
    async def test_tell_of_deleted_ones_too(
        self, service: Person, teacher: Person, subject: int
    ) -> None:
        other = (await teacher.post("/subjects/", {"name": "Fizika"}))["id"]
        await teacher.patch(f"/subjects/{subject}/", {"name": "Nemis tili"})
        await teacher.delete(f"/subjects/{other}/")

        told = await service.get("/internal/subjects/")

        names = ("subject_id", "version", "name", "is_deleted")
        assert told == [
            dict(zip(names, values, strict=True))
            for values in ((subject, 2, "Nemis tili", False), (other, 2, "Fizika", True))
        ]
        assert await service.get(f"/internal/subjects/?after={subject}") == told[1:]
        assert await service.get("/internal/subjects/digest/") == {"count": 2, "versions": 4}


class TestInternalRoutes:
    async def test_open_to_service_tokens_only(
        self, owner: Person, nobody: Person, service: Person, exam: Any
    ) -> None:
        wrong = ServiceTokens.mint(SERVICE_SECRET, caller="results", audience="results")
        forged = ServiceTokens.mint("x" * 64, caller="results", audience="exams")
        strangers = [
            owner,
            nobody,
            *(
                Person(nobody.client, {"Authorization": f"Bearer {token}"})
                for token in (wrong, forged)
            ),
        ]
        for path in (
            "/internal/exams/",
            f"/internal/exams/{exam['id']}/",
            "/internal/exams/digest/",
            "/internal/subjects/",
            "/internal/subjects/digest/",
        ):
            statuses = {(await each.ask("GET", path)).status_code for each in strangers}

            assert statuses == {401}
            assert (await service.ask("GET", path)).status_code == 200

    async def test_refuse_nonsense(self, service: Person) -> None:
        for query in ("after=-1", "after=x", "after=9223372036854775808", "limit=0", "limit=101"):
            answer = await service.ask("GET", f"/internal/exams/?{query}")

            assert answer.status_code == 400

    async def test_give_service_tokens_nothing_else(self, service: Person) -> None:
        assert (await service.ask("GET", "/exams/")).status_code == 401
