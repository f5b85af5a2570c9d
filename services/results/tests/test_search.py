"""Searching results by the title of their exam."""

import httpx2
import pytest

from services.results.tests.conftest import TellExam, answers

URL = "/api/v1/exam-results/"


class TestSearchResults:
    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("ўзбек", 1),
            ("ЎЗБЕК", 1),
            ("Ğ", 1),
            ("%_", 1),
            ("o_", 0),
            ("%i%", 0),
        ],
    )
    async def test_minds_no_case_of_any_alphabet_and_no_wildcards(
        self,
        client: httpx2.AsyncClient,
        student: dict[str, str],
        tell_exam: TellExam,
        text: str,
        count: int,
    ) -> None:
        await tell_exam(title="Ўзбек tili, ğalaba 50%_")
        made = await client.post("/api/v1/exams/1/submit/", json=answers(), headers=student)
        assert made.status_code == 200, made.text

        answer = await client.get(URL, params={"search": text}, headers=student)

        assert [row["id"] for row in answer.json()] == [made.json()["id"]][:count]
