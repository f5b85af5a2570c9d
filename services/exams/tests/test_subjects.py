"""Subjects over HTTP."""

from typing import Any

import pytest

from services.exams.tests.people import FORBIDDEN, Person, exam_body

TAKEN = {"name": ["subject with this name already exists."]}
SUBJECT_404 = {"detail": "No Subject matches the given query."}


class TestCreateSubject:
    async def test_answers_what_was_stored(self, teacher: Person, student: Person) -> None:
        made = await teacher.post("/subjects/", {"name": " Matematika ", "id": 77})

        assert list(made) == ["id", "name", "created_at"]
        assert made["name"] == "Matematika"
        assert made["id"] != 77
        assert await student.get(f"/subjects/{made['id']}/") == made
        assert await student.get("/subjects/") == [made]

    @pytest.mark.usefixtures("subject")
    async def test_refuses_a_name_in_whatever_case(self, teacher: Person) -> None:
        await teacher.post("/subjects/", {"name": "Физика"})

        for name in ("ingliz TILI", "Ingliz tili", "  INGLIZ TILI ", "ФИЗИКА"):
            answer = await teacher.ask("POST", "/subjects/", {"name": name})

            assert (answer.status_code, answer.json()) == (400, TAKEN)

    async def test_refuses_what_is_no_name(self, teacher: Person) -> None:
        faults = [
            ({}, "This field is required."),
            ({"name": None}, "This field may not be null."),
            ({"name": "  "}, "This field may not be blank."),
            ({"name": 5}, "Not a valid string."),
            ({"name": "a\x00b"}, "Null characters are not allowed."),
            ({"name": "x" * 201}, "Ensure this field has no more than 200 characters."),
        ]
        for body, fault in faults:
            answer = await teacher.ask("POST", "/subjects/", body)

            assert (answer.status_code, answer.json()) == (400, {"name": [fault]})

    async def test_takes_the_widest_name(self, teacher: Person) -> None:
        made = await teacher.post("/subjects/", {"name": "\U0001d160" * 200})

        assert made["name"] == "\U0001d160" * 200


class TestListSubjects:
    async def test_can_be_searched_ordered_and_cut(self, teacher: Person) -> None:
        for name in ("Fizika", "ona tili", "Адабиёт", "Ingliz tili"):
            await teacher.post("/subjects/", {"name": name})

        names = {
            query: [each["name"] for each in await teacher.get(f"/subjects/?{query}")]
            for query in (
                "search=TILI",
                "search=АДАБ",
                "ordering=-name&limit=2&offset=1",
                "search=%25",
            )
        }

        assert names == {
            "search=TILI": ["ona tili", "Ingliz tili"],
            "search=АДАБ": ["Адабиёт"],
            "ordering=-name&limit=2&offset=1": ["ona tili", "Ingliz tili"],
            "search=%25": [],
        }


class TestUpdateSubject:
    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    async def test_renames_it_everywhere(self, teacher: Person, exam: Any, method: str) -> None:
        path = f"/subjects/{exam['subject']}/"

        answer = await teacher.ask(method, path, {"name": "Nemis tili"})

        assert answer.json() == await teacher.get(path)
        assert (await teacher.get("/exams/"))[0]["subject_name"] == "Nemis tili"

    async def test_may_change_only_the_case(self, teacher: Person, subject: int) -> None:
        renamed = await teacher.put(f"/subjects/{subject}/", {"name": "INGLIZ TILI"})

        assert renamed["name"] == "INGLIZ TILI"

    @pytest.mark.usefixtures("subject")
    async def test_refuses_the_name_of_another(self, teacher: Person) -> None:
        other = await teacher.post("/subjects/", {"name": "Fizika"})

        answer = await teacher.ask("PATCH", f"/subjects/{other['id']}/", {"name": "INGLIZ tili"})

        assert (answer.status_code, answer.json()) == (400, TAKEN)
        assert (await teacher.get(f"/subjects/{other['id']}/"))["name"] == "Fizika"

    async def test_needs_a_name_only_in_put(self, teacher: Person, subject: int) -> None:
        put = await teacher.ask("PUT", f"/subjects/{subject}/", {})
        patched = await teacher.patch(f"/subjects/{subject}/", {})

        assert put.json() == {"name": ["This field is required."]}
        assert patched["name"] == "Ingliz tili"

    async def test_looks_for_the_subject_before_the_body(self, teacher: Person) -> None:
        answer = await teacher.ask("PUT", "/subjects/999/", content=b"{nonsense")

        assert (answer.status_code, answer.json()) == (404, SUBJECT_404)


class TestDeleteSubject:
    async def test_frees_its_name_but_not_its_id(self, teacher: Person, subject: int) -> None:
        await teacher.delete(f"/subjects/{subject}/")
        again = await teacher.post("/subjects/", {"name": "Ingliz tili"})

        answer = await teacher.ask("GET", f"/subjects/{subject}/")

        assert again["id"] != subject
        assert (answer.status_code, answer.json()) == (404, SUBJECT_404)
        assert await teacher.get("/subjects/") == [again]

    async def test_is_refused_while_an_exam_belongs_to_it(self, teacher: Person, exam: Any) -> None:
        refused = await teacher.ask("DELETE", f"/subjects/{exam['subject']}/")
        await teacher.delete(f"/exams/{exam['id']}/")
        allowed = await teacher.ask("DELETE", f"/subjects/{exam['subject']}/")

        assert refused.status_code == 400
        assert refused.json() == {
            "error": "Bu fan bo'yicha imtihonlar mavjud, uni o'chirib bo'lmaydi."
        }
        assert allowed.status_code == 204

    async def test_leaves_nothing_that_an_exam_could_name(
        self, teacher: Person, subject: int
    ) -> None:
        await teacher.delete(f"/subjects/{subject}/")

        answer = await teacher.ask("POST", "/exams/", exam_body(subject))

        assert answer.status_code == 400
        assert answer.json() == {"subject": [f'Invalid pk "{subject}" - object does not exist.']}


class TestRights:
    async def test_of_students_end_at_reading(
        self, student: Person, nobody: Person, subject: int
    ) -> None:
        for method, path in (
            ("POST", "/subjects/"),
            ("PUT", f"/subjects/{subject}/"),
            ("PATCH", "/subjects/999/"),
            ("DELETE", f"/subjects/{subject}/"),
        ):
            forbidden = await student.ask(method, path, content=b"{nonsense")
            unknown = await nobody.ask(method, path, {"name": "x"})

            assert (forbidden.status_code, forbidden.json()) == (403, FORBIDDEN)
            assert unknown.status_code == 401
