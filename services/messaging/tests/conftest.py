"""The messaging service on an empty database of each kind, its people, and a Bot API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import event

from messaging.domain.delivery import Pace
from messaging.main import create_app
from messaging.sender import Sender
from messaging.settings import Settings
from services.messaging.tests.fake_bot import TOKEN, FakeBot, fake_bot
from shared.contracts.auth import UserChangedV1
from shared.db.engine import Database
from shared.testing.plugin import MakeClient
from shared.testing.statements import glances
from shared.testing.tokens import TokenFactory
from shared.testing.waiting import eventually
from shared.users.replica import apply_user

HIRED: Final = datetime(2026, 2, 18, 4, tzinfo=UTC)
TEACHER: Final = 3
FAST: Final = 100_000.0
"""A rate that limits nothing."""

Read = Callable[[int], Awaitable[dict[int, dict[str, Any]]]]


def told(user_id: int, *, version: int = 1, **changes: Any) -> UserChangedV1:
    """Return what auth tells of a student, or of somebody else."""
    state = {
        "user_id": user_id,
        "version": version,
        "username": f"user{user_id}",
        "role": "student",
        "full_name": f"User {user_id}",
        "telegram_id": 1000 + user_id,
        "is_active": True,
        "created_at": HIRED,
        "changed_at": HIRED,
    }
    return UserChangedV1.model_validate(state | changes)


async def tell(database: Database, *events: UserChangedV1) -> None:
    """Let the service hear of users, as over NATS."""
    async with database.transaction() as tx:
        for event in events:
            await apply_user(tx, event)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect what this task's requests send to the database, not what runs beside them."""
    seen: list[str] = []
    own = asyncio.current_task()

    def note(sql: str, _: object) -> None:
        if asyncio.current_task() is own:
            seen.append(sql)

    def note_session(_: object, __: object, sql: str, *___: object) -> None:
        note(sql, None)

    engines = {database._reads.sync_engine, database._writes.sync_engine}
    with glances(note):
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note_session)
        yield seen
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note_session)


class Caller:
    """Somebody with a token, or nobody."""

    def __init__(self, client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    async def ask(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        content = {} if body is None else {"json": body}
        return await self.client.request(method, f"/api/v1{path}", headers=self.headers, **content)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def write(self, text: str, *recipients: int) -> Any:
        """Write a message."""
        body = {"text": text, "recipient_ids": list(recipients)}
        answer = await self.ask("POST", "/messages/", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: Any = None, *, status: int = 400) -> Any:
        answer = await self.ask(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def package() -> str:
    return "messaging"


@pytest.fixture
def telegram() -> Iterator[FakeBot]:
    """A Bot API of the test's own."""
    with fake_bot() as bot:
        yield bot


@pytest.fixture
def settings(settings_kwargs: dict[str, Any], telegram: FakeBot) -> Settings:
    return Settings(
        **settings_kwargs,
        telegram_bot_token=TOKEN,
        telegram_api_base=telegram.url,
        telegram_rate=FAST,
        telegram_timeout=1,
    )


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
async def client(app: FastAPI, make_client: MakeClient) -> httpx2.AsyncClient:
    client = await make_client(app)
    staff = [told(1, role="owner"), told(TEACHER, role="employee")]
    await tell(app.state.hpa.database, *staff, *(told(one) for one in range(10, 20)))
    return client


@pytest.fixture
def teacher(client: httpx2.AsyncClient, tokens: TokenFactory) -> Caller:
    return Caller(client, tokens.headers(TEACHER, "employee"))


@pytest.fixture
def student(client: httpx2.AsyncClient, tokens: TokenFactory) -> Caller:
    return Caller(client, tokens.headers(10, "student"))


@pytest.fixture
def nobody(client: httpx2.AsyncClient) -> Caller:
    return Caller(client, {})


@asynccontextmanager
async def sending(
    settings: Settings, *, pace: Pace | None = None, parallel: int | None = None
) -> AsyncIterator[Sender]:
    """Let a sender of this process work during the block."""
    database, api = Database(settings.database_url), settings.bot_api()
    sender = Sender(
        database, api, pace or settings.pace, parallel=parallel or settings.telegram_parallel
    )
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        sender.stop()
        await task
        if api is not None:
            await api.close()
        await database.close()


@pytest.fixture
async def sender(settings: Settings, client: httpx2.AsyncClient) -> AsyncIterator[Sender]:
    async with sending(settings) as sender:
        yield sender


@pytest.fixture
def logs_of(teacher: Caller) -> Read:
    """Wait until nothing of a message is on its way and return its logs by recipient."""

    async def wait(message_id: int) -> dict[int, dict[str, Any]]:
        found = await eventually(
            lambda: teacher.get(f"/messages/{message_id}/"),
            until=lambda body: all(log["status"] != "pending" for log in body["logs"]),
            seconds=15,
        )
        return {log["recipient"]: log for log in found["logs"]}

    return wait
