"""The list of exams: filters, order, pages, and what students find in it."""

from typing import Any

import pytest

from services.exams.tests.people import Person, exam_body
from shared.testing.tokens import TokenFactory


@pytest.fixture
async def academy(owner: Person, teacher: Person) -> dict[str, Any]:
    """Four exams of two subjects, by two authors, on different days."""
    subjects = [
        (await teacher.post("/subjects/", {"name": name}))["id"] for name in ("Fizika", "Она тили")
    ]
    rows = [
        (owner, 0, "Alfa", "2026-02-01", True, True),
        (teacher, 0, "beta", "2026-02-02", False, True),
        (teacher, 1, "Гамма", "2026-02-03", True, False),
        (owner, 1, "100% Delta", "2026-02-03", False, False),
    ]
    made = {}
    for author, place, title, date, is_published, is_active in rows:
        flags = {"is_published": is_published, "is_active": is_active}
        body = exam_body(subjects[place], title=title, date=date, questions=[], **flags)
        made[title] = await author.post("/exams/", body)
    return {"subjects": subjects, "exams": made}


async def titles(person: Person, query: str) -> list[str]:
    return [each["title"] for each in await person.get(f"/exams/?{query}")]


ALL = ["100% Delta", "Гамма", "beta", "Alfa"]
FILTERS = {
    "is_published=true": ["Гамма", "Alfa"],
    "is_published=false": ["100% Delta", "beta"],
    "is_active=true": ["beta", "Alfa"],
    "is_active=0&is_published=1": ["Гамма"],
    "date=2026-02-03": ["100% Delta", "Гамма"],
    "date_from=2026-02-02": ["100% Delta", "Гамма", "beta"],
    "date_from=2026-02-02&date_to=2026-02-02": ["beta"],
    "created_by=3": ["Гамма", "beta"],
    "created_by=999": [],
    "subject=999": [],
    "subject=&date=&is_active=": ALL,
    "unknown=1": ALL,
    "search=BETA": ["beta"],
    "search=гАмМа": ["Гамма"],
    "search=%25": ["100% Delta"],
    "search=_": [],
    "search=%5C": [],
}
NONSENSE = {
    "subject=xyz": "subject",
    "subject=9223372036854775808": "subject",
    "created_by=-17": "created_by",
    "created_by=" + "9" * 5000: "created_by",
    "is_active=maybe": "is_active",
    "date=yesterday": "date",
    "date=2026-02-30": "date",
    "date_from=2026-02-01T00:00:00Z": "date_from",
    "date_to=1738368000": "date_to",
    "date_to=%00": "date_to",
    "limit=0": "limit",
    "limit=xyz": "limit",
    "offset=-17": "offset",
    "search=%00": "search",
}
ORDERS = {
    "title": ["100% Delta", "Alfa", "beta", "Гамма"],
    "-title": ["Гамма", "beta", "Alfa", "100% Delta"],
    "date": ["Alfa", "beta", "100% Delta", "Гамма"],
    "-date,title": ["100% Delta", "Гамма", "beta", "Alfa"],
    "id": ["Alfa", "beta", "Гамма", "100% Delta"],
    "participants_count,questions_count": ALL,
    "password,is_deleted": ALL,
}


@pytest.mark.usefixtures("academy")
class TestFilters:
    async def test_leave_what_was_asked_for(self, teacher: Person) -> None:
        assert {query: await titles(teacher, query) for query in FILTERS} == FILTERS

    async def test_know_subjects_and_codes(self, teacher: Person, academy: dict[str, Any]) -> None:
        code = academy["exams"]["beta"]["code"].lower()

        assert await titles(teacher, f"subject={academy['subjects'][0]}") == ["beta", "Alfa"]
        assert await titles(teacher, f"search={code}") == ["beta"]

    async def test_refuse_nonsense_without_repeating_it(self, teacher: Person) -> None:
        answers = {query: await teacher.ask("GET", f"/exams/?{query}") for query in NONSENSE}

        assert {answer.status_code for answer in answers.values()} == {400}
        assert {query: list(answer.json()) for query, answer in answers.items()} == {
            query: [field] for query, field in NONSENSE.items()
        }
        for query, answer in answers.items():
            sent = query.partition("=")[2]
            assert len(sent) < 2 or sent not in answer.text

    async def test_come_with_an_order(self, teacher: Person) -> None:
        assert {each: await titles(teacher, f"ordering={each}") for each in ORDERS} == ORDERS


@pytest.mark.usefixtures("academy")
class TestPages:
    async def test_tell_how_many_there_are(self, teacher: Person) -> None:
        answer = await teacher.ask("GET", "/exams/?limit=2&offset=1&ordering=id")

        assert [each["title"] for each in answer.json()] == ["beta", "Гамма"]
        assert answer.headers["X-Total-Count"] == "4"
        assert 'rel="next"' in answer.headers["Link"]

    async def test_begin_where_they_are_told_without_a_limit(self, teacher: Person) -> None:
        assert await titles(teacher, "offset=3") == ["Alfa"]


@pytest.mark.usefixtures("academy")
class TestStudents:
    async def test_find_published_ones_only(self, student: Person) -> None:
        assert await titles(student, "") == ["Гамма", "Alfa"]
        assert await titles(student, "is_published=false") == []
        assert await titles(student, "search=beta") == []
        assert (await student.ask("GET", "/exams/?limit=1")).headers["X-Total-Count"] == "2"

    async def test_are_those_whom_the_token_says(
        self, nobody: Person, tokens: TokenFactory
    ) -> None:
        nobody.headers = {"X-User-Role": "owner", **tokens.headers(10, "student")}

        assert await titles(nobody, "is_published=false") == []
