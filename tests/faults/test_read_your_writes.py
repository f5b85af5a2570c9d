"""What a teacher did has happened everywhere by the time he is told so."""

import httpx2
import pytest

from shared.testing.waiting import eventually
from tests.e2e.local import PROCESSES
from tests.e2e.suite import Suite, answers_to, exam_body
from tests.faults.faults import Faults

ROUNDS = [pytest.param(50, id="short"), pytest.param(1000, id="long", marks=pytest.mark.chaos)]


class TestASubmit:
    @pytest.mark.parametrize("rounds", ROUNDS)
    async def test_works_at_once_after_publish_and_never_after_unpublish(
        self, suite: Suite, rounds: int
    ) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        subject = await teacher.post("/subjects/", {"name": f"Fan {teacher.id}"})
        wrong = []

        for number in range(rounds):
            exam = await teacher.post("/exams/", exam_body(subject["id"], tests=1))
            path = f"/exams/{exam['id']}"
            if number % 2:
                await teacher.post(f"{path}/publish/")
                await teacher.post(f"{path}/unpublish/")
                expected = 400
            else:
                await teacher.post(f"{path}/publish/")
                expected = 200
            answer = await student.ask("POST", f"{path}/submit/", answers_to(exam))
            if answer.status_code != expected:
                wrong.append((number, answer.status_code, answer.text))

        assert not wrong

    async def test_sees_the_questions_of_the_last_edit(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        exam = await suite.make_exam(teacher, tests=1)
        body = exam_body(exam["subject"], tests=4)

        edited = await teacher.patch(f"/exams/{exam['id']}/", {"questions": body["questions"]})
        stale = await student.ask("POST", f"/exams/{exam['id']}/submit/", answers_to(exam))
        fresh = await student.post(f"/exams/{exam['id']}/submit/", answers_to(edited))

        assert stale.status_code == 400
        assert (fresh["score"], fresh["total_questions"]) == (100, 4)

    async def test_is_refused_at_once_after_a_delete(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        exam = await suite.make_exam(teacher)

        await teacher.delete(f"/exams/{exam['id']}/")
        answer = await student.ask("POST", f"/exams/{exam['id']}/submit/", answers_to(exam))

        assert answer.status_code == 404
        assert answer.json() == {"detail": "No Exam matches the given query."}

    async def test_after_an_unpublish_of_a_submitted_exam_says_so(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        exam = await suite.make_exam(teacher)
        await student.post(f"/exams/{exam['id']}/submit/", answers_to(exam))

        await teacher.post(f"/exams/{exam['id']}/unpublish/")
        answer = await student.ask("POST", f"/exams/{exam['id']}/submit/", answers_to(exam))

        assert answer.json() == {"error": "Siz bu testni allaqachon topshirgansiz."}


@PROCESSES
class TestASubmitThatNoPushReaches:
    @pytest.mark.parametrize("which", [slice(0, 1), slice(1, 2)], ids=["first", "second"])
    async def test_never_goes_by_what_was_true_before(
        self, suite: Suite, faults: Faults, which: slice
    ) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        exam = await suite.make_exam(teacher)
        path = f"/exams/{exam['id']}"
        for _ in range(8):  # both processes of results have seen it open
            await student.ask("POST", f"{path}/submit/", {"answers": [{"question_id": 1}]})
        faults.stop("results", which=which)

        await teacher.post(f"{path}/unpublish/")

        async def told() -> httpx2.Response:
            return await student.ask("POST", f"{path}/submit/", answers_to(exam))

        answer = await eventually(told, until=lambda found: found.status_code != 503)
        assert answer.json() == {"error": "Ushbu test hozirda faol emas."}


class TestANewUser:
    async def test_is_known_everywhere_at_once(self, suite: Suite) -> None:
        teacher = await suite.sign_up("employee")
        student = await suite.sign_up("student", telegram_id=77)
        exam = await suite.make_exam(teacher)

        result = await student.post(f"/exams/{exam['id']}/submit/", answers_to(exam))
        message = await teacher.post(
            "/messages/", {"text": "Salom", "recipient_ids": [student.id, teacher.id]}
        )
        attendance = await teacher.post(
            "/attendance/", {"student": student.id, "status": "present"}
        )

        assert result["student"] == student.id
        assert message["recipients"] == [student.id]
        assert attendance["student"] == student.id


class TestADeactivatedUser:
    async def test_loses_his_rights_everywhere_within_five_seconds(self, suite: Suite) -> None:
        owner, teacher = await suite.owner(), await suite.sign_up("employee")
        await owner.delete(f"/users/{teacher.id}/")

        async def refused() -> list[int]:
            paths = ("/me/", "/exams/", "/exam-results/", "/messages/", "/work-logs/")
            return [(await teacher.ask("GET", path)).status_code for path in paths]

        await eventually(refused, until=lambda found: found == [401] * 5, seconds=5)
