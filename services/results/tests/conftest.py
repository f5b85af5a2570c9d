"""The results service on an empty database, and exams that it has been told of."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from results.main import create_app
from results.settings import Settings
from shared.security.tokens import ServiceTokens
from shared.testing.plugin import MakeClient
from shared.testing.tokens import SERVICE_SECRET, TokenFactory

TellExam = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture(scope="session")
def package() -> str:
    return "results"


@pytest.fixture
def app(settings_kwargs: dict[str, Any]) -> FastAPI:
    return create_app(Settings(**settings_kwargs))


@pytest.fixture
async def client(app: FastAPI, make_client: MakeClient) -> httpx2.AsyncClient:
    return await make_client(app)


@pytest.fixture
def student(tokens: TokenFactory) -> dict[str, str]:
    return tokens.headers(10, "student")


@pytest.fixture
def teacher(tokens: TokenFactory) -> dict[str, str]:
    return tokens.headers(3, "employee")


def from_exams() -> dict[str, str]:
    token = ServiceTokens.mint(SERVICE_SECRET, caller="exams", audience="results")
    return {"Authorization": f"Bearer {token}"}


def exam_state(exam_id: int = 1, *, version: int = 2, **changes: Any) -> dict[str, Any]:
    """Two test questions of four options (the first is right) and a written one."""
    questions = [
        {
            "id": exam_id * 100 + n,
            "text": f"Question {n}",
            "type": "test" if n < 3 else "written",
            "options": [
                {"id": exam_id * 1000 + n * 10 + m, "text": f"Option {m}", "is_correct": m == 1}
                for m in range(1, 5 if n < 3 else 1)
            ],
        }
        for n in (1, 2, 3)
    ]
    return {
        "exam_id": exam_id,
        "version": version,
        "questions_version": 1,
        "title": "Ingliz tili - 1-hafta imtihon",
        "is_published": True,
        "is_active": True,
        "is_deleted": False,
        "questions": questions,
    } | changes


def answers(exam_id: int = 1, *options: int) -> dict[str, Any]:
    """Answer the test questions by these places of options, and the written one."""
    chosen = [
        {"question_id": exam_id * 100 + n, "option_id": exam_id * 1000 + n * 10 + m}
        for n, m in enumerate(options, 1)
    ]
    written = {"question_id": exam_id * 100 + 3, "option_id": None, "written_answer": "I am ..."}
    return {"answers": [*chosen, written]}


@pytest.fixture
def tell_exam(client: httpx2.AsyncClient) -> TellExam:
    """Push an exam's state as the exams service does."""

    async def tell(exam_id: int = 1, **changes: Any) -> dict[str, Any]:
        state = exam_state(exam_id, **changes)
        answer = await client.put(f"/internal/exams/{exam_id}/", json=state, headers=from_exams())
        assert answer.status_code == 204, answer.text
        return state

    return tell
