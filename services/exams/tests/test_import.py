"""Importing an exam whose questions come in a file."""

from typing import Any

import httpx2
import pytest

from services.exams.tests.people import FORBIDDEN, PREFIX, Person
from shared.testing.workbooks import workbook

HEADER = "text,type,written_answer_sample,correct,option_1,option_2,option_3"
CAPITAL = '"What is the capital, of England?",,,1,London,Paris,'
PRIMES = 'Which are primes?,test,,"A,C",2,4,5'
ESSAY = "Describe yourself.,,I am ...,,,,"


async def send(
    person: Person, subject: int, /, *lines: str, query: str = "", **fields: str
) -> httpx2.Response:
    return await send_file(person, subject, "\n".join(lines).encode(), query, **fields)


async def send_file(
    person: Person, subject: int, content: bytes, query: str = "", /, **fields: str
) -> httpx2.Response:
    form = {"title": "1-hafta", "subject": str(subject), "date": "2026-02-20"} | fields
    return await person.client.post(
        f"{PREFIX}/exams/import/{query}",
        headers=person.headers,
        files={"file": ("questions.csv", content)},
        data={name: value for name, value in form.items() if value},
    )


def seen(exam: dict[str, Any]) -> list[Any]:
    return [
        (one["text"], one["type"], [each["text"] for each in one["options"] if each["is_correct"]])
        for one in exam["questions"]
    ]


class TestImportExam:
    async def test_writes_a_draft_with_a_question_from_every_row(
        self, teacher: Person, subject: int
    ) -> None:
        answer = await send(teacher, subject, HEADER, CAPITAL, PRIMES, ESSAY, time_limit="30")

        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["created"], body["failed"], body["dry_run"]) == (3, 0, False)
        exam = await teacher.get(answer.headers["location"].removeprefix(PREFIX))
        assert seen(exam) == [
            ("What is the capital, of England?", "test", ["London"]),
            ("Which are primes?", "test", ["2", "5"]),
            ("Describe yourself.", "written", []),
        ]
        assert [row["id"] for row in body["rows"]] == [one["id"] for one in exam["questions"]]
        assert (exam["is_published"], exam["time_limit"]) == (False, 30)
        assert exam["created_by"] == teacher.id

    async def test_takes_a_workbook(self, teacher: Person, subject: int) -> None:
        content = workbook(["Text", "Option 1", "Option 2", "Correct"], ["2 + 2?", 4, 5, 1])

        answer = await send_file(teacher, subject, content)

        exam = await teacher.get(answer.headers["location"].removeprefix(PREFIX))
        assert seen(exam) == [("2 + 2?", "test", ["4"])]

    async def test_tells_of_every_wrong_row_and_stores_nothing(
        self, teacher: Person, subject: int
    ) -> None:
        wrong = [
            "Q,test,,1,only,,",
            "Q,test,,3,a,b,",
            "Q,test,,x!,a,b,",
            "Q,essay,,,,,",
            "Q,,,,a,b,",
        ]

        answer = await send(teacher, subject, HEADER, CAPITAL, *wrong)

        assert answer.status_code == 400
        assert {row["row"]: row["errors"] for row in answer.json()["rows"]} == {
            3: {"options": ["A test question needs at least 2 options."]},
            4: {"correct": ["A right option is blank."]},
            5: {
                "correct": [
                    "Give the numbers or letters of the right options, for example 1 or A,C."
                ]
            },
            6: {"type": ["Not a valid choice."]},
            7: {"options": ["A test question needs at least one correct option."]},
        }
        assert await teacher.get("/exams/") == []

    async def test_only_tells_in_a_dry_run(self, teacher: Person, subject: int) -> None:
        answer = await send(teacher, subject, HEADER, CAPITAL, ",,,,,,x", query="?dry_run=true")

        assert answer.status_code == 200
        assert (answer.json()["created"], answer.json()["failed"]) == (1, 1)
        assert await teacher.get("/exams/") == []

    @pytest.mark.parametrize(
        ("fields", "errors"),
        [
            ({"title": ""}, {"title": ["This field is required."]}),
            ({"subject": "x"}, {"subject": ["A valid integer is required."]}),
            ({"subject": "999"}, {"subject": ['Invalid pk "999" - object does not exist.']}),
        ],
        ids=["no title", "no number", "unknown subject"],
    )
    async def test_checks_the_fields_of_the_exam(
        self, teacher: Person, subject: int, fields: dict[str, str], errors: Any
    ) -> None:
        answer = await send(teacher, subject, HEADER, CAPITAL, **fields)

        assert (answer.status_code, answer.json()) == (400, errors)

    async def test_is_nothing_for_students(self, student: Person, subject: int) -> None:
        answer = await send(student, subject, HEADER, CAPITAL)

        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


class TestTheForm:
    """What any import says of a form that it cannot read."""

    async def ask(self, person: Person, content: bytes, media_type: str) -> httpx2.Response:
        headers = {**person.headers, "Content-Type": media_type}
        url = f"{PREFIX}/exams/import/"
        return await person.client.post(url, content=content, headers=headers)

    async def test_must_be_declared_as_one(self, teacher: Person) -> None:
        answer = await self.ask(teacher, b"{}", "application/json")

        assert answer.status_code == 415
        assert answer.json()["detail"] == 'Unsupported media type "application/json" in request.'

    @pytest.mark.parametrize(
        ("content", "media_type"),
        [
            (b"", "multipart/form-data; boundary=x"),
            (b"--x\r\nContent-Disposition: form-data", "multipart/form-data; boundary=x"),
            (b"--x\r\n\r\na\r\n--x--\r\n", "multipart/form-data"),
            (b"--y--", "multipart/form-data; boundary=x"),
            (b"--x\r\n\r\n\r\n" * 40 + b"--x--\r\n", "multipart/form-data; boundary=x"),
            (b"a", f"multipart/form-data; boundary={'x' * 1000}"),
        ],
        ids=["empty", "cut", "no boundary", "another boundary", "many parts", "long boundary"],
    )
    async def test_must_be_whole(self, teacher: Person, content: bytes, media_type: str) -> None:
        answer = await self.ask(teacher, content, media_type)

        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("Multipart form parse error")

    @pytest.mark.parametrize(
        ("part", "told"),
        [
            ('name="other"; filename="a"', "No file was submitted."),
            (
                'name="file"',
                "The submitted data was not a file. Check the encoding type on the form.",
            ),
            ('name="file"; filename="a"', "The submitted file is empty."),
        ],
        ids=["absent", "a field", "empty"],
    )
    async def test_must_hold_a_file(
        self, teacher: Person, subject: int, part: str, told: str
    ) -> None:
        fields = {"title": "T", "subject": subject, "date": "2026-02-20"}
        parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
        form = "\r\n".join(
            f"--x\r\nContent-Disposition: form-data; {one}" for one in (*parts, f"{part}\r\n\r\n")
        )
        content = f"{form}\r\n--x--\r\n"

        answer = await self.ask(teacher, content.encode(), "multipart/form-data; boundary=x")

        assert (answer.status_code, answer.json()) == (400, {"file": [told]})
