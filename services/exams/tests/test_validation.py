"""What is refused, in the words of Django REST Framework, and never with a 500."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from exams.schemas.exams import ExamCreate
from services.exams.tests.people import Person, exam_body, question, written

REQUIRED = ["This field is required."]
NULL = ["This field may not be null."]
INTEGER = ["A valid integer is required."]
DAY = ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]


def long(limit: int) -> list[str]:
    return [f"Ensure this field has no more than {limit} characters."]


def many(limit: int) -> list[str]:
    return [f"Ensure this field has no more than {limit} elements."]


FIELDS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"title": ""}, {"title": ["This field may not be blank."]}),
    ({"title": None}, {"title": NULL}),
    ({"title": 5}, {"title": ["Not a valid string."]}),
    ({"title": "x" * 256}, {"title": long(255)}),
    ({"title": "a\x00"}, {"title": ["Null characters are not allowed."]}),
    ({"subject": "2"}, {"subject": INTEGER}),
    ({"subject": 1.5}, {"subject": INTEGER}),
    ({"subject": True}, {"subject": INTEGER}),
    ({"subject": None}, {"subject": NULL}),
    ({"subject": 999}, {"subject": ['Invalid pk "999" - object does not exist.']}),
    ({"description": "x" * 10_001}, {"description": long(10_000)}),
    ({"description": "\x00"}, {"description": ["Null characters are not allowed."]}),
    ({"time_limit": "30"}, {"time_limit": INTEGER}),
    ({"time_limit": -1}, {"time_limit": ["Ensure this value is greater than or equal to 0."]}),
    ({"time_limit": 10**6}, {"time_limit": ["Ensure this value is less than or equal to 100000."]}),
    ({"is_published": "true"}, {"is_published": ["Must be a valid boolean."]}),
    ({"is_active": 1}, {"is_active": ["Must be a valid boolean."]}),
    ({"date": "20.02.2026"}, {"date": DAY}),
    ({"date": "2026-02-30"}, {"date": DAY}),
    ({"date": "2026-02-20T10:00:00Z"}, {"date": DAY}),
    ({"date": 20260220}, {"date": DAY}),
    ({"questions": None}, {"questions": NULL}),
    ({"questions": {}}, {"questions": ['Expected a list of items but got type "dict".']}),
    ({"questions": [written()] * 301}, {"questions": many(300)}),
]
AT_LEAST_TWO = ["A test question needs at least 2 options."]
ONE_CORRECT = ["A test question needs at least one correct option."]
QUESTIONS: list[tuple[Any, Any]] = [
    ({}, {"text": REQUIRED, "type": REQUIRED}),
    ({"text": "?", "type": "essay"}, {"type": ["Not a valid choice."]}),
    ({"text": "?", "type": "test"}, {"options": AT_LEAST_TWO}),
    (question(options=1), {"options": AT_LEAST_TWO}),
    (question(correct=9), {"options": ONE_CORRECT}),
    (question(options=21), {"options": many(20)}),
    (question(text="x" * 10_001), {"text": long(10_000)}),
    (question(order=-1), {"order": ["Ensure this value is greater than or equal to 0."]}),
    (question(order=2**31), {"order": ["Ensure this value is less than or equal to 2147483647."]}),
    (question(order="1"), {"order": INTEGER}),
    (written(written_answer_sample=5), {"written_answer_sample": ["Not a valid string."]}),
    (
        {"text": "?", "type": "test", "options": [{"text": "a"}, {"is_correct": True}]},
        {"options": [{}, {"text": REQUIRED}]},
    ),
    (
        {"text": "?", "type": "test", "options": [{"text": "x" * 2001}, 7]},
        {
            "options": [
                {"text": long(2000)},
                {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
            ]
        },
    ),
]
HOSTILE = [
    b"",
    b"[]",
    b"null",
    b'"x"',
    b"5",
    b"{",
    b'{"title": NaN}',
    b'{"title": "\\ud800"}',
    b'{"title": "\xff"}',
    b'{"title": "x", "subject": 1e999, "date": "2026-02-20"}',
    b'{"title": "x", "subject": 9223372036854775808, "date": "2026-02-20"}',
    b'{"title": "x", "subject": 1' + b"0" * 5000 + b', "date": "2026-02-20"}',
    b'{"questions": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    json.dumps({"questions": [{"options": [{}] * 20}] * 300}).encode(),
    json.dumps({str(n): n for n in range(5000)}).encode(),
]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


class TestCreateExam:
    async def test_names_the_field_that_is_wrong(self, teacher: Person, subject: int) -> None:
        for fields, expected in FIELDS:
            answer = await teacher.ask("POST", "/exams/", exam_body(subject) | fields)

            assert (answer.status_code, answer.json()) == (400, expected)

    async def test_names_all_that_is_missing(self, teacher: Person) -> None:
        answer = await teacher.ask("POST", "/exams/", {})

        assert answer.status_code == 400
        assert answer.json() == {"title": REQUIRED, "subject": REQUIRED, "date": REQUIRED}

    async def test_points_at_the_question_that_is_wrong(
        self, teacher: Person, subject: int
    ) -> None:
        for wrong, expected in QUESTIONS:
            body = exam_body(subject, questions=[question(), wrong, written()])

            answer = await teacher.ask("POST", "/exams/", body)

            assert (answer.status_code, answer.json()) == (400, {"questions": [{}, expected, {}]})

    async def test_takes_a_written_question_with_or_without_options(
        self, teacher: Person, subject: int
    ) -> None:
        questions = [
            written(options=[]),
            {"text": "?", "type": "written"},
            written(options=[{"text": "a"}]),
        ]

        made = await teacher.post("/exams/", exam_body(subject, questions=questions))

        assert [len(each["options"]) for each in made["questions"]] == [0, 0, 1]


class TestHostileBodies:
    async def test_are_400_and_not_repeated(self, teacher: Person, exam: Any) -> None:
        path = f"/exams/{exam['id']}/"
        for content in HOSTILE:
            for method, target in (("POST", "/exams/"), ("PUT", path), ("POST", "/subjects/")):
                answer = await teacher.ask(method, target, content=content)

                assert answer.status_code == 400, (method, target, content[:80], answer.text)
                assert len(answer.content) <= 16 * 1024

        assert await teacher.get(path) == exam
        assert len(await teacher.get("/exams/")) == 1

    async def test_in_patches_and_codes_are_400_as_well(self, teacher: Person, exam: Any) -> None:
        for content in HOSTILE[1:]:
            for method, target in (
                ("PATCH", f"/exams/{exam['id']}/"),
                ("POST", "/exams/enter-code/"),
            ):
                answer = await teacher.ask(method, target, content=content)
                is_harmless = target.endswith(f"{exam['id']}/") and content.startswith(b'{"0"')

                assert answer.status_code == (200 if is_harmless else 400), content[:80]

    async def test_of_another_type_are_415(self, teacher: Person, exam: Any) -> None:
        teacher.headers["Content-Type"] = "application/xml"

        for method, path in (("POST", "/exams/"), ("PATCH", f"/exams/{exam['id']}/")):
            answer = await teacher.client.request(
                method, f"/api/v1{path}", headers=teacher.headers, content=b"<exam/>"
            )

            assert answer.status_code == 415
            assert answer.json() == {
                "detail": 'Unsupported media type "application/xml" in request.'
            }

    async def test_over_a_mebibyte_are_413(self, teacher: Person) -> None:
        answer = await teacher.ask("POST", "/exams/", content=b" " * (1024 * 1024 + 1))

        assert answer.status_code == 413

    async def test_with_doubled_keys_take_the_last(self, teacher: Person, subject: int) -> None:
        content = json.dumps(exam_body(subject, title="birinchi"))[:-1] + ', "title": "oxirgi"}'

        answer = await teacher.ask("POST", "/exams/", content=content.encode())

        assert answer.json()["title"] == "oxirgi"


class TestExamCreate:
    @settings(max_examples=60)
    @given(
        st.fixed_dictionaries(
            {}, optional=dict.fromkeys((*ExamCreate.model_fields, "id"), json_values)
        )
    )
    def test_is_refused_or_safe_to_store(self, body: dict[str, Any]) -> None:
        try:
            exam = ExamCreate.model_validate(body)
        except ValidationError:
            return

        assert 1 <= len(exam.title) <= 255
        assert "\x00" not in exam.title
        assert 1 <= exam.subject < 2**63

    @pytest.mark.parametrize("given_order", [None, 0, 7])
    def test_knows_an_order_that_was_given(self, given_order: int | None) -> None:
        order: dict[str, Any] = {} if given_order is None else {"order": given_order}
        body = exam_body(1, questions=[written(**order)], date="2026-02-20")

        draft = ExamCreate.model_validate(body).draft(only_given=False)

        assert draft.questions is not None
        assert draft.questions[0].order == given_order
