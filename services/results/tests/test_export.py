"""Exporting results for Excel."""

import csv
import io
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from openpyxl import load_workbook

from results.routes import export
from services.results.tests.conftest import TellExam, answers
from shared.contracts.auth import UserChangedV1
from shared.db.upsert import insert_into
from shared.testing.tokens import TokenFactory
from shared.users import UserReplica
from shared.users.replica import row_of

URL = "/api/v1/exam-results/export/"


def table(answer: httpx2.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


async def hand_in(client: httpx2.AsyncClient, tokens: TokenFactory, *students: int) -> None:
    for student in students:
        headers = tokens.headers(student, "student")
        made = await client.post("/api/v1/exams/1/submit/", json=answers(1, 1, 2), headers=headers)
        assert made.status_code == 200, made.text


async def know(app: FastAPI, user_id: int, full_name: str) -> None:
    """Let the replica know of a student."""
    user: dict[str, Any] = {
        "user_id": user_id, "version": 1, "username": "ali", "role": "student",
        "full_name": full_name, "telegram_id": None, "is_active": True,
        "created_at": "2026-02-20T10:00:00Z", "changed_at": "2026-02-20T10:00:00Z",
    }  # fmt: skip
    async with app.state.hpa.database.transaction() as tx:
        row = row_of(UserChangedV1.model_validate(user))
        await tx.execute(insert_into(tx, UserReplica).values(row).on_conflict_do_nothing())


class TestExportResults:
    async def test_names_the_exam_and_the_student(
        self,
        app: FastAPI,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        teacher: dict[str, str],
        tell_exam: TellExam,
    ) -> None:
        await tell_exam(title="=HYPERLINK(1)")
        await hand_in(client, tokens, 10)
        await know(app, 10, "O'g'li, Ali")

        answer = await client.get(URL, headers=teacher)

        (row,) = table(answer)
        assert row.pop("created_at").endswith("Z")
        assert row == {
            "id": row["id"], "exam": "1", "exam_title": "'=HYPERLINK(1)", "student": "10",
            "username": "ali", "full_name": "O'g'li, Ali", "score": "33.33",
            "correct_answers": "1", "total_questions": "3", "is_checked": "False",
            "checked_by": "",
        }  # fmt: skip
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert 'filename="exam-results.csv"' in answer.headers["content-disposition"]

    async def test_is_a_workbook_when_asked_for(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        teacher: dict[str, str],
        tell_exam: TellExam,
    ) -> None:
        await tell_exam()
        await hand_in(client, tokens, 10)

        answer = await client.get(URL, params={"format": "xlsx"}, headers=teacher)

        head, row = load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
        assert head == export.COLUMNS
        assert dict(zip(head, row, strict=True))["score"] == 33.33

    async def test_is_read_in_pieces_without_losing_a_row(
        self,
        monkeypatch: pytest.MonkeyPatch,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        teacher: dict[str, str],
        tell_exam: TellExam,
    ) -> None:
        monkeypatch.setattr(export, "PIECE", 2)
        await tell_exam()
        await hand_in(client, tokens, *range(10, 14))

        rows = table(await client.get(URL, headers=teacher))

        assert [row["student"] for row in rows] == ["13", "12", "11", "10"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"student": 10}, ["10"]),
            ({"exam": 2}, []),
            ({"is_checked": "false"}, ["11", "10"]),
            ({"search": "HAFTA"}, ["11", "10"]),
            ({"search": "yo'q"}, []),
            ({"date_to": "2020-01-01"}, []),
        ],
        ids=str,
    )
    async def test_takes_the_filters_of_the_list(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        teacher: dict[str, str],
        tell_exam: TellExam,
        query: dict[str, str],
        found: list[str],
    ) -> None:
        await tell_exam()
        await hand_in(client, tokens, 10, 11)

        rows = table(await client.get(URL, params=query, headers=teacher))

        assert [row["student"] for row in rows] == found

    async def test_is_nothing_for_students(
        self, client: httpx2.AsyncClient, student: dict[str, str]
    ) -> None:
        assert (await client.get(URL, headers=student)).status_code == 403

    async def test_knows_two_formats(
        self, client: httpx2.AsyncClient, teacher: dict[str, str]
    ) -> None:
        answer = await client.get(URL, params={"format": "pdf"}, headers=teacher)

        assert (answer.status_code, answer.json()) == (400, {"format": ["Not a valid choice."]})
