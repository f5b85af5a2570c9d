"""The exams service on a fresh database, and people who talk to it."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from exams.main import create_app
from exams.settings import Settings
from services.exams.tests.people import Person, exam_body
from shared.db.engine import Database
from shared.testing.plugin import MakeClient
from shared.testing.tokens import TokenFactory

OWNER, TEACHER, STUDENT = 1, 3, 10


@pytest.fixture(scope="session")
def package() -> str:
    return "exams"


@pytest.fixture
def settings(settings_kwargs: dict[str, Any]) -> Settings:
    return Settings(**settings_kwargs)


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
async def client(app: FastAPI, make_client: MakeClient) -> httpx2.AsyncClient:
    return await make_client(app)


@pytest.fixture
def service_database(app: FastAPI, client: httpx2.AsyncClient) -> Database:
    """The database as the running service has it open."""
    database: Database = app.state.hpa.database
    return database


@pytest.fixture
def nobody(client: httpx2.AsyncClient) -> Person:
    return Person(client, {})


@pytest.fixture
def owner(client: httpx2.AsyncClient, tokens: TokenFactory) -> Person:
    return Person(client, tokens.headers(OWNER, "owner"), OWNER)


@pytest.fixture
def teacher(client: httpx2.AsyncClient, tokens: TokenFactory) -> Person:
    return Person(client, tokens.headers(TEACHER, "employee"), TEACHER)


@pytest.fixture
def student(client: httpx2.AsyncClient, tokens: TokenFactory) -> Person:
    return Person(client, tokens.headers(STUDENT, "student"), STUDENT)


@pytest.fixture
async def subject(teacher: Person) -> int:
    """The id of a subject."""
    return int((await teacher.post("/subjects/", {"name": "Ingliz tili"}))["id"])


@pytest.fixture
async def exam(teacher: Person, subject: int) -> Any:
    """An unpublished exam as its author sees it."""
    return await teacher.post("/exams/", exam_body(subject))


@pytest.fixture
async def published(teacher: Person, exam: Any) -> Any:
    """The same exam, published."""
    await teacher.post(f"/exams/{exam['id']}/publish/")
    return exam
