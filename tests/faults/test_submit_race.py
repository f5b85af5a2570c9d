"""One result per student and exam, whatever the race, and retries that are told apart from it."""

import asyncio
from collections import Counter
from uuid import uuid4

from tests.e2e.suite import Suite, answers_to

RUNNERS = 100


class TestASubmitRace:
    async def test_of_a_hundred_equal_ones_has_one_winner(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        exam = await suite.make_exam(teacher)
        path, body = f"/exams/{exam['id']}/submit/", answers_to(exam)

        answers = await asyncio.gather(*(student.ask("POST", path, body) for _ in range(RUNNERS)))

        statuses = Counter(answer.status_code for answer in answers)
        won = next(answer.json() for answer in answers if answer.status_code == 200)
        lost = [answer for answer in answers if answer.status_code == 400]
        assert statuses == {200: 1, 400: RUNNERS - 1}
        assert {answer.text for answer in lost} == {lost[0].text}
        assert lost[0].json() == {"error": "Siz bu testni allaqachon topshirgansiz."}
        assert all(
            answer.headers["Location"].endswith(f"/exam-results/{won['id']}/") for answer in lost
        )
        assert len(await student.get("/exam-results/my-results/")) == 1
        assert len(await teacher.get(f"/exam-results/?exam={exam['id']}")) == 1

    async def test_with_one_key_tells_all_the_same_result(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        exam = await suite.make_exam(teacher)
        path, body = f"/exams/{exam['id']}/submit/", answers_to(exam)
        headers = {"Idempotency-Key": uuid4().hex}

        answers = await asyncio.gather(
            *(student.ask("POST", path, body, headers=headers) for _ in range(20))
        )

        told = {answer.content for answer in answers if answer.status_code == 200}
        waiting = [answer for answer in answers if answer.status_code != 200]
        assert len(told) == 1
        assert all(
            answer.status_code == 409 and "Retry-After" in answer.headers for answer in waiting
        )


class TestAnIdempotencyKey:
    async def test_gives_the_stored_answer_again(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        exam = await suite.make_exam(teacher)
        path, body = f"/exams/{exam['id']}/submit/", answers_to(exam)
        headers = {"Idempotency-Key": "telefon-1"}

        first = await student.ask("POST", path, body, headers=headers)
        again = await student.ask("POST", path.rstrip("/"), body, headers=headers)

        assert first.status_code == again.status_code == 200
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json() == first.json()

    async def test_of_another_body_is_a_conflict(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        exam = await suite.make_exam(teacher)
        path, headers = f"/exams/{exam['id']}/submit/", {"Idempotency-Key": "telefon-1"}
        await student.post(path, answers_to(exam), headers=headers)

        other = await student.ask("POST", path, answers_to(exam, right=0), headers=headers)

        assert other.status_code == 409
        assert list(other.json()) == ["detail"]

    async def test_is_one_students_own(self, suite: Suite) -> None:
        teacher = await suite.sign_up("employee")
        first, second = await suite.sign_up_many("student", 2)
        exam = await suite.make_exam(teacher)
        path, headers = f"/exams/{exam['id']}/submit/", {"Idempotency-Key": "telefon-1"}

        mine = await first.post(path, answers_to(exam), headers=headers)
        his = await second.post(path, answers_to(exam), headers=headers)

        assert mine["id"] != his["id"]
        assert (mine["student"], his["student"]) == (first.id, second.id)
