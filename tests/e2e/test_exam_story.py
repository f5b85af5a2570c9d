"""An academy's exam, from the first login to the grading, and everything still there afterwards."""

from typing import Any

from shared.testing.waiting import eventually
from tests.e2e.suite import Person, Suite, answers_to, exam_body

KEYS = ("is_correct", "written_answer_sample", "MAXFIY-NAMUNA")


async def read_as_student(student: Person, exam: dict[str, Any]) -> None:
    """Let a student see all that he may see of an exam, and check that no byte tells the key."""
    answers = [
        await student.ask("POST", "/exams/enter-code/", {"code": exam["code"].lower()}),
        await student.ask("GET", f"/exams/{exam['id']}/"),
        await student.ask("GET", "/exams/"),
        await student.ask("GET", f"/exams/?search={exam['title']}&limit=5"),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        told = answer.text + str(dict(answer.headers))
        assert not [key for key in KEYS if key in told]
    assert [each["text"] for each in answers[0].json()["questions"]] == [
        each["text"] for each in exam["questions"]
    ]


async def stored(teacher: Person, exam: dict[str, Any]) -> tuple[Any, Any, list[Any]]:
    """Return what the suite keeps of an exam, its results and their answers."""
    results = await teacher.get(f"/exam-results/?exam={exam['id']}")
    answers = [await teacher.get(f"/exam-results/{each['id']}/answers/") for each in results]
    return await teacher.get(f"/exams/{exam['id']}/"), results, answers


class TestAnExam:
    async def test_goes_from_its_writing_to_its_grading(self, suite: Suite) -> None:
        owner = await suite.owner()
        teacher = await suite.sign_up("employee", full_name="Oqituvchi Aliyeva")
        students = await suite.sign_up_many("student", 3)
        subject = await owner.post("/subjects/", {"name": f"Ingliz tili {teacher.id}"})

        exam = await teacher.post("/exams/", exam_body(subject["id"], tests=3, written=1))
        unseen = await students[0].ask("POST", "/exams/enter-code/", {"code": exam["code"]})
        published = await teacher.post(f"/exams/{exam['id']}/publish/")

        assert unseen.status_code == 404
        assert published == {"status": "Test nashr etildi"}
        for student in students:
            await read_as_student(student, exam)

        best = await self.submit_twice(students[0], exam)
        await self.submit_half(students[1], exam)
        await self.submit_after_unpublish(teacher, students[2], exam)
        await self.see_own_results(students, exam)
        await self.count_participants(teacher, exam)
        await self.grade(teacher, students[0], best)

    async def submit_twice(self, student: Person, exam: dict[str, Any]) -> Any:
        result = await student.post(f"/exams/{exam['id']}/submit/", answers_to(exam))
        again = await student.ask("POST", f"/exams/{exam['id']}/submit/", answers_to(exam))

        assert (result["score"], result["correct_answers"], result["total_questions"]) == (75, 3, 4)
        assert (result["student"], result["exam"]) == (student.id, exam["id"])
        assert (result["is_checked"], result["checked_by"]) == (False, None)
        assert result["exam_title"] == exam["title"]
        assert [each["is_correct"] for each in result["answers"]] == [True, True, True, False]
        assert result["answers"][0]["option_text"] == "Variant 1"
        assert result["answers"][3]["written_answer"] == "Men o'quvchiman."
        assert again.status_code == 400
        assert again.json() == {"error": "Siz bu testni allaqachon topshirgansiz."}
        assert again.headers["Location"].endswith(f"/api/v1/exam-results/{result['id']}/")
        return result

    async def submit_half(self, student: Person, exam: dict[str, Any]) -> None:
        half = {"answers": answers_to(exam)["answers"][:2]}

        result = await student.post(f"/exams/{exam['id']}/submit/", half)

        assert (result["score"], result["correct_answers"], result["total_questions"]) == (50, 2, 4)

    async def submit_after_unpublish(
        self, teacher: Person, student: Person, exam: dict[str, Any]
    ) -> None:
        unpublished = await teacher.post(f"/exams/{exam['id']}/unpublish/")
        answer = await student.ask("POST", f"/exams/{exam['id']}/submit/", answers_to(exam))

        assert unpublished == {"status": "Test nashrdan olindi"}
        assert answer.status_code == 400
        assert answer.json() == {"error": "Ushbu test hozirda faol emas."}

    async def see_own_results(self, students: list[Person], exam: dict[str, Any]) -> None:
        for student, expected in zip(students, ([75], [50], []), strict=True):
            mine = await student.get("/exam-results/my-results/")
            listed = await student.get("/exam-results/")

            assert [each["score"] for each in mine] == expected
            assert listed == mine
            assert {each["exam"] for each in mine} <= {exam["id"]}

    async def count_participants(self, teacher: Person, exam: dict[str, Any]) -> None:
        async def listed() -> Any:
            exams = await teacher.get(f"/exams/?subject={exam['subject']}")
            return next(each for each in exams if each["id"] == exam["id"])

        row = await eventually(listed, until=lambda row: row["participants_count"] == 2)

        assert row["questions_count"] == 4
        assert "questions" not in row

    async def grade(self, teacher: Person, student: Person, result: dict[str, Any]) -> None:
        path = f"/exam-results/{result['id']}/answers/"
        written = next(each for each in await teacher.get(path) if each["option"] is None)

        await teacher.patch(f"{path}{written['id']}/", {"is_correct": True, "comment": "Yaxshi"})

        graded = await student.get(f"/exam-results/{result['id']}/")
        answer = next(each for each in await student.get(path) if each["id"] == written["id"])
        assert (graded["score"], graded["correct_answers"]) == (100, 4)
        assert (graded["is_checked"], graded["checked_by"]) == (True, teacher.id)
        assert (answer["comment"], answer["graded_by"]) == ("Yaxshi", teacher.id)
        assert answer["graded_at"].endswith("Z")


class TestACopy:
    async def test_is_a_new_unpublished_exam(self, suite: Suite) -> None:
        teacher = await suite.sign_up("employee")
        exam = await suite.make_exam(teacher)

        copy = await teacher.post(f"/exams/{exam['id']}/copy/")

        assert copy["title"] == f"{exam['title']} (Nusxa)"
        assert copy["is_published"] is False
        assert copy["code"] != exam["code"]
        assert [each["text"] for each in copy["questions"]] == [
            each["text"] for each in exam["questions"]
        ]
        assert not {each["id"] for each in copy["questions"]} & {
            each["id"] for each in exam["questions"]
        }


class TestARestart:
    async def test_of_everything_loses_nothing(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        exam = await suite.make_exam(teacher)
        await student.post(f"/exams/{exam['id']}/submit/", answers_to(exam))
        before = await stored(teacher, exam)

        suite.running.restart()

        assert await stored(teacher, exam) == before
        assert len(await student.get("/exam-results/my-results/")) == 1
