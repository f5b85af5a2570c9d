"""Reading, writing and grading results."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from results.models import Result
from services.results.tests.conftest import TellExam, answers
from shared.clock import utcnow
from shared.testing.tokens import TokenFactory
from shared.users import UserReplica

URL = "/api/v1/exam-results/"
Headers = dict[str, str]


@pytest.fixture(autouse=True)
async def people(app: FastAPI, client: httpx2.AsyncClient) -> None:
    """Let the service know two students and two teachers."""
    now = utcnow()
    rows = [
        {
            "id": user_id,
            "version": 1,
            "username": f"user{user_id}",
            "role": role,
            "full_name": f"User {user_id}",
            "telegram_id": None,
            "is_active": True,
            "created_at": now,
            "changed_at": now,
        }
        for user_id, role in ((10, "student"), (11, "student"), (3, "employee"), (4, "employee"))
    ]
    async with app.state.hpa.database.transaction() as tx:
        await tx.execute(insert(UserReplica), rows)


async def submit(client: httpx2.AsyncClient, headers: Headers, exam: int = 1) -> dict[str, Any]:
    answer = await client.post(
        f"/api/v1/exams/{exam}/submit/", json=answers(exam, 1, 2), headers=headers
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


WRITTEN = {
    "exam": 1,
    "student": 10,
    "score": 85.5,
    "correct_answers": 17,
    "total_questions": 20,
    "is_checked": False,
    "checked_by": None,
}


class TestCreateResult:
    async def test_answers_the_written_result(
        self, client: httpx2.AsyncClient, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()

        answer = await client.post(URL, json=WRITTEN | {"id": 77}, headers=teacher)

        assert answer.status_code == 201, answer.text
        body = answer.json()
        assert body.pop("created_at").endswith("Z")
        assert body == WRITTEN | {"id": 1}

    async def test_is_refused_when_the_pair_has_one(
        self, client: httpx2.AsyncClient, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        await client.post(URL, json=WRITTEN, headers=teacher)

        answer = await client.post(URL, json=WRITTEN, headers=teacher)

        assert answer.status_code == 400
        assert answer.json() == {
            "non_field_errors": ["The fields exam, student must make a unique set."]
        }

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"score": 100.01}, "score"),
            ({"score": -1}, "score"),
            ({"score": "90"}, "score"),
            ({"correct_answers": 21}, "correct_answers"),
            ({"exam": None}, "exam"),
            ({"student": 3}, "student"),
            ({"checked_by": 11}, "checked_by"),
            ({"is_checked": 1}, "is_checked"),
            ({"exam": 2**63}, "exam"),
        ],
    )
    async def test_refuses_impossible_values(
        self,
        client: httpx2.AsyncClient,
        teacher: Headers,
        tell_exam: TellExam,
        change: dict[str, Any],
        field: str,
    ) -> None:
        await tell_exam()

        answer = await client.post(URL, json=WRITTEN | change, headers=teacher)

        assert answer.status_code == 400
        assert set(answer.json()) == {field}

    async def test_cannot_tell_while_auth_is_away(
        self, client: httpx2.AsyncClient, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()

        answer = await client.post(URL, json=WRITTEN | {"student": 99}, headers=teacher)

        assert answer.status_code == 503

    async def test_is_not_for_students(self, client: httpx2.AsyncClient, student: Headers) -> None:
        answer = await client.post(URL, json=WRITTEN, headers=student)

        assert answer.status_code == 403


class TestListResults:
    async def test_shows_students_their_own_and_teachers_all_newest_first(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        student: Headers,
        teacher: Headers,
        tell_exam: TellExam,
    ) -> None:
        await tell_exam()
        await submit(client, student)
        await submit(client, tokens.headers(11, "student"))

        own = await client.get(URL, headers=student)
        every = await client.get(URL, headers=teacher)
        mine = await client.get(f"{URL}my-results/", headers=student)

        assert [one["student"] for one in own.json()] == [10]
        assert [one["student"] for one in every.json()] == [11, 10]
        assert mine.json() == own.json()
        assert set(own.json()[0]) == {*WRITTEN, "id", "created_at"}

    async def test_does_not_let_a_student_filter_for_another(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        student: Headers,
        tell_exam: TellExam,
    ) -> None:
        await tell_exam()
        await submit(client, tokens.headers(11, "student"))

        answer = await client.get(f"{URL}?student=11", headers=student)

        assert answer.json() == []

    async def test_filters_orders_and_pages(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        teacher: Headers,
        tell_exam: TellExam,
    ) -> None:
        await tell_exam(1)
        await tell_exam(2, title="Tarix")
        for exam in (1, 2):
            for student_id in (10, 11):
                await submit(client, tokens.headers(student_id, "student"), exam)

        async def ids(query: str) -> list[int]:
            answer = await client.get(URL + query, headers=teacher)
            assert answer.status_code == 200, answer.text
            return [one["id"] for one in answer.json()]

        assert await ids("?exam=2") == [4, 3]
        assert await ids("?student=10") == [3, 1]
        assert await ids("?exam=1&student=11") == [2]
        assert await ids("?is_checked=true") == []
        assert await ids("?ordering=id") == [1, 2, 3, 4]
        assert await ids("?search=tarix") == [4, 3]
        assert await ids("?date_from=2999-01-01") == []
        assert await ids("?date_to=2999-01-01") == [4, 3, 2, 1]
        assert await ids("?date_from=0001-01-01&date_to=9999-12-31") == [4, 3, 2, 1]
        assert await ids("?exam=") == [4, 3, 2, 1]
        assert await ids("?limit=2&offset=1") == [3, 2]
        page = await client.get(f"{URL}?limit=1&offset=1", headers=teacher)
        assert page.headers["X-Total-Count"] == "4"
        assert 'rel="next"' in page.headers["Link"]

    @pytest.mark.parametrize("query", ["?exam=x", "?date_from=2026-13-01", "?is_checked=maybe"])
    async def test_refuses_filters_that_are_none(
        self, client: httpx2.AsyncClient, teacher: Headers, query: str
    ) -> None:
        answer = await client.get(URL + query, headers=teacher)

        assert answer.status_code == 400


class TestChangeResult:
    async def test_patches_what_the_document_shows(
        self, client: httpx2.AsyncClient, student: Headers, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        made = await submit(client, student)

        change = {"is_checked": True, "checked_by": 4, "score": 90.0, "correct_answers": 2}
        answer = await client.patch(f"{URL}{made['id']}/", json=change, headers=teacher)

        assert answer.status_code == 200, answer.text
        assert {name: answer.json()[name] for name in change} == change

    async def test_names_the_caller_when_nobody_else_is_said_to_have_checked(
        self, client: httpx2.AsyncClient, student: Headers, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        made = await submit(client, student)

        answer = await client.patch(
            f"{URL}{made['id']}/", json={"is_checked": True}, headers=teacher
        )

        assert answer.json()["checked_by"] == 3

    async def test_put_needs_what_post_needs(
        self, client: httpx2.AsyncClient, student: Headers, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        made = await submit(client, student)

        answer = await client.put(f"{URL}{made['id']}/", json={"exam": 1}, headers=teacher)

        assert (answer.status_code, answer.json()) == (
            400,
            {"student": ["This field is required."]},
        )

    async def test_put_leaves_what_does_not_come_as_it_is(
        self, client: httpx2.AsyncClient, student: Headers, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        made = await submit(client, student)

        body = {"exam": 1, "student": 10, "is_checked": True}
        answer = await client.put(f"{URL}{made['id']}/", json=body, headers=teacher)

        kept = ("score", "correct_answers", "total_questions")
        assert {name: answer.json()[name] for name in kept} == {name: made[name] for name in kept}

    async def test_cannot_move_onto_a_pair_that_has_a_result(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        student: Headers,
        teacher: Headers,
        tell_exam: TellExam,
    ) -> None:
        await tell_exam()
        made = await submit(client, student)
        await submit(client, tokens.headers(11, "student"))

        answer = await client.patch(f"{URL}{made['id']}/", json={"student": 11}, headers=teacher)

        assert answer.status_code == 400
        assert "non_field_errors" in answer.json()

    async def test_to_another_exam_forgets_the_version_it_was_graded_from(
        self,
        app: FastAPI,
        client: httpx2.AsyncClient,
        student: Headers,
        teacher: Headers,
        tell_exam: TellExam,
    ) -> None:
        await tell_exam(1)
        await tell_exam(2)
        made = await submit(client, student)

        answer = await client.patch(f"{URL}{made['id']}/", json={"exam": 2}, headers=teacher)

        assert (answer.status_code, answer.json()["exam"]) == (200, 2)
        async with app.state.hpa.database.reading() as view:
            moved = await view.get_one(Result, made["id"])
        assert moved.questions_version is None

    async def test_is_403_for_the_own_and_404_for_anothers_student(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        student: Headers,
        tell_exam: TellExam,
    ) -> None:
        await tell_exam()
        own = (await submit(client, student))["id"]
        other = (await submit(client, tokens.headers(11, "student")))["id"]

        for call in (client.patch, client.put):
            assert (await call(f"{URL}{own}/", json={}, headers=student)).status_code == 403
            assert (await call(f"{URL}{other}/", json={}, headers=student)).status_code == 404
        assert (await client.delete(f"{URL}{own}/", headers=student)).status_code == 403
        assert (await client.delete(f"{URL}{other}/", headers=student)).status_code == 404
        assert (await client.get(f"{URL}{own}/", headers=student)).status_code == 200
        absent = await client.get(f"{URL}{other}/", headers=student)
        assert absent.json() == {"detail": "No ExamResult matches the given query."}
        assert (await client.get(f"{URL}{other}/answers/", headers=student)).status_code == 404


class TestDeleteResult:
    async def test_lets_the_student_submit_again(
        self, client: httpx2.AsyncClient, student: Headers, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        made = await submit(client, student)

        gone = await client.delete(f"{URL}{made['id']}/", headers=teacher)
        again = await submit(client, student)

        assert gone.status_code == 204
        assert gone.content == b""
        assert again["id"] > made["id"]


class TestGradeAnswer:
    async def test_recalculates_and_checks_the_result_with_the_last_written_answer(
        self, client: httpx2.AsyncClient, student: Headers, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        made = await submit(client, student)
        written = made["answers"][2]["id"]

        verdict = {"is_correct": True, "comment": "Yaxshi"}
        path = f"{URL}{made['id']}/answers/{written}/"
        graded = await client.patch(path, json=verdict, headers=teacher)

        assert graded.status_code == 200, graded.text
        assert graded.json()["comment"] == "Yaxshi"
        assert graded.json()["graded_by"] == 3
        result = (await client.get(f"{URL}{made['id']}/", headers=student)).json()
        assert result["score"] == 66.67
        assert result["correct_answers"] == 2
        assert result["is_checked"] is True
        assert result["checked_by"] == 3

    async def test_of_another_result_is_absent(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        student: Headers,
        teacher: Headers,
        tell_exam: TellExam,
    ) -> None:
        await tell_exam()
        mine = await submit(client, student)
        other = await submit(client, tokens.headers(11, "student"))

        path = f"{URL}{mine['id']}/answers/{other['answers'][2]['id']}/"
        answer = await client.patch(path, json={"is_correct": True}, headers=teacher)

        assert answer.status_code == 404

    async def test_needs_a_verdict(
        self, client: httpx2.AsyncClient, student: Headers, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        made = await submit(client, student)

        path = f"{URL}{made['id']}/answers/{made['answers'][2]['id']}/"
        answer = await client.patch(path, json={"comment": "?"}, headers=teacher)

        assert answer.json() == {"is_correct": ["This field is required."]}

    async def test_is_403_for_the_student_himself(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        made = await submit(client, student)

        path = f"{URL}{made['id']}/answers/{made['answers'][2]['id']}/"
        answer = await client.patch(path, json={"is_correct": True}, headers=student)

        assert answer.status_code == 403
