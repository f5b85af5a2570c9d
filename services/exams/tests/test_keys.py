"""No byte that a student can read holds a key."""

from typing import Any

import httpx2
import pytest

from services.exams.tests.people import Person, exam_body, question, written

SECRETS = ("is_correct", "written_answer_sample", "MAXFIY", "correct")


async def everything(student: Person, exam: Any) -> list[httpx2.Response]:
    """Return every answer that a student gets about an exam, with errors and lists."""
    path = f"/exams/{exam['id']}/"
    body = exam_body(exam["subject"])
    asked: list[tuple[str, str, Any]] = [
        ("GET", path, None),
        ("GET", path.removesuffix("/"), None),
        ("HEAD", path, None),
        ("OPTIONS", path, None),
        ("GET", f"{path}?with_key=1&role=owner", None),
        ("GET", "/exams/", None),
        ("GET", "/exams/?search=MAXFIY", None),
        ("GET", "/exams/?search=Birinchi&ordering=-questions", None),
        ("GET", "/exams/?limit=1", None),
        ("GET", "/exams/?limit=x", None),
        ("GET", "/exams/999/", None),
        ("GET", "/subjects/", None),
        ("POST", "/exams/enter-code/", {"code": exam["code"]}),
        ("POST", "/exams/enter-code/", {"code": exam["code"], "is_staff": True}),
        ("POST", "/exams/enter-code/", {"code": "ZZZZZZ"}),
        ("POST", "/exams/enter-code/", {}),
        ("POST", "/exams/", body),
        ("PUT", path, body),
        ("PATCH", path, {"questions": None}),
        ("DELETE", path, None),
        ("POST", f"{path}publish/", None),
        ("POST", f"{path}copy/", None),
        ("POST", f"{path}submit/", {"answers": []}),
        ("GET", f"/internal/exams/{exam['id']}/", None),
        ("GET", "/internal/exams/", None),
    ]
    return [await student.ask(method, path, body) for method, path, body in asked]


class TestStudents:
    async def test_read_no_key_anywhere(
        self, teacher: Person, student: Person, published: Any
    ) -> None:
        # Staff read first, so that nothing they saw can be left over for students.
        await teacher.get(f"/exams/{published['id']}/")
        await teacher.post("/exams/enter-code/", {"code": published["code"]})

        answers = await everything(student, published)

        for answer in answers:
            told = answer.text + repr(answer.headers.raw)
            assert not [secret for secret in SECRETS if secret in told], answer.request.url
            assert "etag" not in answer.headers
        assert sum(answer.status_code == 200 for answer in answers) >= 10

    async def test_read_answers_of_the_same_length_whatever_is_right(
        self, teacher: Person, student: Person, subject: int
    ) -> None:
        lengths = set()
        for correct, sample in ((1, "x"), (4, "x" * 5000)):
            questions = [question(correct=correct), written(written_answer_sample=sample)]
            body = exam_body(subject, questions=questions, is_published=True)
            exam = await teacher.post("/exams/", body)
            detail = await student.get(f"/exams/{exam['id']}/")
            for each in detail["questions"]:
                assert list(each) == ["id", "text", "type", "order", "options"]
                assert all(list(one) == ["id", "text", "order"] for one in each["options"])
            lengths.add(sum(len(each["text"]) for each in detail["questions"]))

        assert len(lengths) == 1

    @pytest.mark.parametrize("path", ["/exams/{}/", "/exams/{}"])
    async def test_find_no_draft(self, student: Person, exam: Any, path: str) -> None:
        absent = await student.ask("GET", path.format(999))
        draft = await student.ask("GET", path.format(exam["id"]))

        assert draft.status_code == 404
        assert draft.content == absent.content

    async def test_see_new_questions_at_once_and_still_no_key(
        self, teacher: Person, student: Person, published: Any
    ) -> None:
        path = f"/exams/{published['id']}/"
        await student.get(path)
        await teacher.patch(path, {"questions": [question("Yangi savol", correct=3)]})

        detail = await student.get(path)

        assert [each["text"] for each in detail["questions"]] == ["Yangi savol"]
        assert "is_correct" not in str(detail)
