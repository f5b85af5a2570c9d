"""Reading exams: what everybody sees, and what students must not see."""

from typing import Any

from services.exams.tests.people import EXAM_404, Person, exam_body

LISTED = [
    "id",
    "title",
    "code",
    "subject",
    "subject_name",
    "description",
    "time_limit",
    "is_published",
    "is_active",
    "date",
    "created_by",
    "created_at",
    "questions_count",
    "participants_count",
]
DETAIL = [
    "id",
    "title",
    "code",
    "subject",
    "description",
    "time_limit",
    "is_published",
    "is_active",
    "date",
    "created_by",
    "created_at",
    "questions",
]
QUESTION = ["id", "text", "type", "order", "written_answer_sample", "options"]
OPTION = ["id", "text", "is_correct", "order"]


class TestListExams:
    async def test_shows_the_fields_of_the_document(self, teacher: Person, exam: Any) -> None:
        listed = await teacher.get("/exams/")

        assert [list(each) for each in listed] == [LISTED]
        assert listed[0] == {
            "id": exam["id"],
            "title": "Ingliz tili - 1-hafta imtihon",
            "code": exam["code"],
            "subject": exam["subject"],
            "subject_name": "Ingliz tili",
            "description": "Birinchi hafta uchun test",
            "time_limit": 30,
            "is_published": False,
            "is_active": True,
            "date": "2026-02-20",
            "created_by": teacher.id,
            "created_at": exam["created_at"],
            "questions_count": 3,
            "participants_count": 0,
        }

    async def test_is_newest_first(self, teacher: Person, subject: int) -> None:
        made = [await teacher.post("/exams/", exam_body(subject)) for _ in range(3)]

        listed = await teacher.get("/exams/")

        assert [each["id"] for each in listed] == [each["id"] for each in reversed(made)]


class TestRetrieveExam:
    async def test_shows_the_fields_of_the_document(self, teacher: Person, exam: Any) -> None:
        detail = await teacher.get(f"/exams/{exam['id']}/")

        assert list(detail) == DETAIL
        assert detail == exam
        assert [list(each) for each in detail["questions"]] == [QUESTION] * 3
        assert [list(each) for each in detail["questions"][0]["options"]] == [OPTION] * 4
        assert detail["created_at"].endswith("Z")

    async def test_answers_the_same_without_the_last_slash(
        self, teacher: Person, exam: Any
    ) -> None:
        assert await teacher.get(f"/exams/{exam['id']}") == exam

    async def test_of_what_is_no_exam_is_404(self, teacher: Person) -> None:
        for unknown in ("999", "0", "-1", "abc", "1.5", str(2**63), "٣", "9" * 5000):
            answer = await teacher.ask("GET", f"/exams/{unknown}/")

            assert (answer.status_code, answer.json()) == (404, EXAM_404)
