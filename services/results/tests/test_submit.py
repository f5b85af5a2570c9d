"""Handing in: the letter, the races, the keys."""

import asyncio
from typing import Any

import httpx2
import pytest

from services.results.tests.conftest import TellExam, answers
from shared.testing.tokens import TokenFactory

URL = "/api/v1/exams/1/submit/"
ALREADY = {"error": "Siz bu testni allaqachon topshirgansiz."}
CLOSED = {"error": "Ushbu test hozirda faol emas."}
Headers = dict[str, str]


class TestTheLanguage:
    """A refusal is Uzbek, as the clients know it, unless they ask for another language."""

    @pytest.mark.parametrize(
        ("wanted", "text"),
        [
            (None, "Siz bu testni allaqachon topshirgansiz."),
            ("de", "Siz bu testni allaqachon topshirgansiz."),
            ("ru-RU,ru;q=0.9,en;q=0.8", "Вы уже сдали этот тест."),
            ("en-US,en;q=0.9", "You have already submitted this test."),
        ],
        ids=["none", "de", "ru", "en"],
    )
    async def test_of_a_refusal_follows_the_header(
        self,
        client: httpx2.AsyncClient,
        student: dict[str, str],
        tell_exam: TellExam,
        wanted: str | None,
        text: str,
    ) -> None:
        await tell_exam()
        headers = student | ({"Accept-Language": wanted} if wanted else {})
        url = "/api/v1/exams/1/submit/"
        first = await client.post(url, json=answers(), headers=headers)

        again = await client.post(url, json=answers(), headers=headers)

        assert (again.status_code, again.json()) == (400, {"error": text})
        assert again.headers["location"] == f"/api/v1/exam-results/{first.json()['id']}/"


class TestSubmitExam:
    async def test_answers_the_result_to_the_letter(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()

        answer = await client.post(URL, json=answers(1, 1, 2), headers=student)

        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body.pop("created_at").endswith("Z")
        given = body.pop("answers")
        assert body == {
            "id": 1,
            "exam": 1,
            "exam_title": "Ingliz tili - 1-hafta imtihon",
            "student": 10,
            "score": 33.33,
            "correct_answers": 1,
            "total_questions": 3,
            "is_checked": False,
            "checked_by": None,
        }
        assert given[0] == {
            "id": 1,
            "exam_result": 1,
            "question": 101,
            "question_text": "Question 1",
            "option": 1011,
            "option_text": "Option 1",
            "written_answer": None,
            "is_correct": True,
        }
        assert [one["is_correct"] for one in given] == [True, False, False]
        assert given[2]["written_answer"] == "I am ..."

    async def test_counts_missing_answers_as_wrong(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()

        answer = await client.post(URL, json={"answers": []}, headers=student)

        assert answer.json()["score"] == 0
        assert answer.json()["total_questions"] == 3

    async def test_is_refused_the_second_time_with_the_way_to_the_first(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        await client.post(URL, json=answers(1, 1, 1), headers=student)

        answer = await client.post(URL, json=answers(1, 2, 2), headers=student)

        assert (answer.status_code, answer.json()) == (400, ALREADY)
        assert answer.headers["Location"] == "/api/v1/exam-results/1/"

    async def test_tells_of_the_existing_result_before_anything_else(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        await client.post(URL, json=answers(1, 1, 1), headers=student)
        await tell_exam(version=3, is_published=False)

        answer = await client.post(URL, json={"answers": "none"}, headers=student)

        assert (answer.status_code, answer.json()) == (400, ALREADY)

    @pytest.mark.parametrize("change", [{"is_published": False}, {"is_active": False}])
    async def test_of_a_closed_exam_cannot_be_refused_while_exams_is_away(
        self,
        client: httpx2.AsyncClient,
        student: Headers,
        tell_exam: TellExam,
        change: dict[str, Any],
    ) -> None:
        await tell_exam(**change)

        answer = await client.post(URL, json=answers(1, 1), headers=student)

        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) >= 1

    async def test_of_an_unknown_exam_is_503_while_exams_is_away(
        self, client: httpx2.AsyncClient, student: Headers
    ) -> None:
        answer = await client.post(URL, json=answers(1, 1), headers=student)

        assert answer.status_code == 503

    @pytest.mark.parametrize(
        ("given", "errors"),
        [
            (
                [{"question_id": 999}],
                [{"question_id": ['Invalid pk "999" - object does not exist.']}],
            ),
            (
                [{"question_id": 101}, {"question_id": 101}],
                [{}, {"question_id": ["This question is answered more than once."]}],
            ),
            (
                [{"question_id": 101, "option_id": 1021}],
                [{"option_id": ['Invalid pk "1021" - object does not exist.']}],
            ),
            ([{}], [{"question_id": ["This field is required."]}]),
            (
                [{"question_id": "101"}],
                [{"question_id": ["A valid integer is required."]}],
            ),
        ],
    )
    async def test_refuses_wrong_answers_and_stores_nothing(
        self,
        client: httpx2.AsyncClient,
        student: Headers,
        tell_exam: TellExam,
        given: list[dict[str, Any]],
        errors: list[dict[str, Any]],
    ) -> None:
        await tell_exam()

        answer = await client.post(URL, json={"answers": given}, headers=student)

        assert (answer.status_code, answer.json()) == (400, {"answers": errors})
        listed = await client.get("/api/v1/exam-results/", headers=student)
        assert listed.json() == []

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"[]",
            b'{"answers": {}}',
            b'{"answers": [1]}',
            b'{"answers": [{"question_id": 9223372036854775808}]}',
            b'{"answers": [{"question_id": 1e999}]}',
            b'{"answers": [{"question_id": true}]}',
            b'{"answers": [{"question_id": 103, "written_answer": "\\u0000"}]}',
            b'{"answers": [{"question_id": 103, "written_answer": "\\ud800"}]}',
            b"[" * 100_000,
        ],
    )
    async def test_answers_400_to_hostile_bodies(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam, body: bytes
    ) -> None:
        await tell_exam()

        headers = student | {"Content-Type": "application/json"}
        answer = await client.post(URL, content=body, headers=headers)

        assert answer.status_code == 400, answer.text

    async def test_is_for_students_only(
        self, client: httpx2.AsyncClient, teacher: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()

        answer = await client.post(URL, json=answers(1, 1), headers=teacher)

        assert answer.status_code == 403


class TestSubmitExamAtOnce:
    async def test_by_the_same_student_stores_one_result(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()

        posts = [client.post(URL, json=answers(1, 1, 1), headers=student) for _ in range(100)]
        got = await asyncio.gather(*posts)

        assert sorted(one.status_code for one in got) == [200] + [400] * 99
        assert all(one.json() == ALREADY for one in got if one.status_code == 400)

    async def test_by_many_students_grades_each_by_his_own_answers(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, tell_exam: TellExam
    ) -> None:
        await tell_exam()

        def post(n: int) -> Any:
            headers = tokens.headers(1000 + n, "student")
            return client.post(URL, json=answers(1, 1 + n % 2, 1), headers=headers)

        got = await asyncio.gather(*(post(n) for n in range(100)))

        assert {one.status_code for one in got} == {200}
        for n, one in enumerate(got):
            assert one.json()["student"] == 1000 + n
            assert one.json()["correct_answers"] == 2 - n % 2
        assert len({one.json()["id"] for one in got}) == 100


class TestIdempotencyKey:
    async def test_gives_a_retry_the_same_bytes(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        headers = student | {"Idempotency-Key": "one"}
        first = await client.post(URL, json=answers(1, 1, 1), headers=headers)

        second = await client.post(URL, json=answers(1, 1, 1), headers=headers)

        assert (second.status_code, second.content) == (200, first.content)
        assert second.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first.headers

    async def test_refuses_another_body(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        headers = student | {"Idempotency-Key": "one"}
        await client.post(URL, json=answers(1, 1, 1), headers=headers)

        answer = await client.post(URL, json=answers(1, 2, 1), headers=headers)

        assert answer.status_code == 409
        assert set(answer.json()) == {"detail"}

    async def test_is_the_students_own(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        key = {"Idempotency-Key": "one"}
        first = tokens.headers(10, "student") | key
        second = tokens.headers(11, "student") | key
        await client.post(URL, json=answers(1, 1, 1), headers=first)

        answer = await client.post(URL, json=answers(1, 1, 1), headers=second)

        assert answer.status_code == 200
        assert answer.json()["student"] == 11

    async def test_at_once_gives_one_result_and_no_error(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        headers = student | {"Idempotency-Key": "one"}

        posts = [client.post(URL, json=answers(1, 1, 1), headers=headers) for _ in range(20)]
        got = await asyncio.gather(*posts)

        assert {one.status_code for one in got} <= {200, 409}
        assert all("Retry-After" in one.headers for one in got if one.status_code == 409)
        assert len({one.content for one in got if one.status_code == 200}) == 1

    async def test_must_be_the_only_one(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()

        headers = [*student.items(), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
        answer = await client.post(URL, json=answers(1, 1), headers=headers)

        assert (answer.status_code, list(answer.json())) == (400, ["Idempotency-Key"])

    @pytest.mark.parametrize("key", ["", "a" * 256, "tab\tinside"])
    async def test_must_be_printable_and_short(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam, key: str
    ) -> None:
        await tell_exam()

        headers = student | {"Idempotency-Key": key}
        answer = await client.post(URL, json=answers(1, 1), headers=headers)

        assert answer.status_code == 400
        assert "Idempotency-Key" in answer.json()

    async def test_is_free_again_when_the_result_is_deleted(
        self,
        client: httpx2.AsyncClient,
        student: Headers,
        teacher: Headers,
        tell_exam: TellExam,
    ) -> None:
        await tell_exam()
        headers = student | {"Idempotency-Key": "one"}
        first = await client.post(URL, json=answers(1, 1, 1), headers=headers)
        await client.delete(f"/api/v1/exam-results/{first.json()['id']}/", headers=teacher)

        again = await client.post(URL, json=answers(1, 1, 1), headers=headers)

        assert again.status_code == 200
        assert again.json()["id"] > first.json()["id"]


class TestTrustInTheReplica:
    async def test_an_older_push_does_not_undo_a_newer_one(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam(version=5, title="New")
        await tell_exam(version=4, title="Old")

        answer = await client.post(URL, json=answers(1, 1), headers=student)

        assert answer.json()["exam_title"] == "New"

    async def test_a_result_keeps_the_version_it_was_graded_from(
        self, client: httpx2.AsyncClient, student: Headers, tell_exam: TellExam
    ) -> None:
        await tell_exam()
        first = await client.post(URL, json=answers(1, 1, 1), headers=student)
        await tell_exam(version=3, questions_version=3, questions=[])

        path = f"/api/v1/exam-results/{first.json()['id']}/answers/"
        kept = await client.get(path, headers=student)

        assert [one["question_text"] for one in kept.json()][:2] == ["Question 1", "Question 2"]
