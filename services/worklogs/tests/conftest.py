"""The application on a fresh database of each kind, and the people of a small academy."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
import pytest
import time_machine
from fastapi import FastAPI

from shared.contracts.auth import UserChangedV1
from shared.db.engine import Database
from shared.errors import Unavailable
from shared.events.consumers import Received
from shared.testing.plugin import MakeClient
from shared.testing.tokens import TokenFactory
from worklogs.consumers import apply_user_changed
from worklogs.jobs import open_days
from worklogs.main import create_app
from worklogs.settings import Settings

ZONE: Final = "Asia/Tashkent"
OWNER, TEACHER, COLLEAGUE, STUDENT, FELLOW = 1, 3, 4, 10, 11
HIRED: Final = datetime(2026, 2, 18, 4, tzinfo=UTC)
NOW: Final = datetime(2026, 2, 20, 5, tzinfo=UTC)
TODAY, YESTERDAY, TOMORROW = "2026-02-20", "2026-02-19", "2026-02-21"

PEOPLE: Final = {
    OWNER: ("owner", "Ali Valiyev"),
    TEACHER: ("employee", "Nodira Karimova"),
    COLLEAGUE: ("employee", "Jasur Toshev"),
    STUDENT: ("student", "Vali Aliyev"),
    FELLOW: ("student", "Zilola Umarova"),
}


def told(user_id: int, role: str, *, version: int = 1, **changes: Any) -> UserChangedV1:
    """Return what auth tells of a user."""
    state = {
        "user_id": user_id,
        "version": version,
        "username": f"user{user_id}",
        "role": role,
        "full_name": f"User {user_id}",
        "telegram_id": None,
        "is_active": True,
        "created_at": HIRED,
        "changed_at": HIRED,
    }
    return UserChangedV1.model_validate(state | changes)


async def tell(database: Database, *events: UserChangedV1) -> None:
    """Let the service hear of users, as over NATS."""
    async with database.transaction() as tx:
        for event in events:
            await apply_user_changed(tx, Received(key="", event=event, prepared=ZONE))


ONE_DATABASE: Final = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
"""For tests of what never reaches the database."""


class StandIn:
    """Auth and exams as this service sees them: what they answer, and how often they were asked."""

    def __init__(self) -> None:
        self.users: dict[int, UserChangedV1] = {}
        self.subjects: list[dict[str, Any]] = []
        self.asked: list[Any] = []
        self.is_away = False

    async def post(self, path: str, body: Any, **_: Any) -> Any:
        assert path == "/internal/users/lookup/"
        self._ask(body["ids"])
        known = [self.users[one] for one in body["ids"] if one in self.users]
        return [one.model_dump(mode="json") for one in known]

    async def get(self, path: str, **_: Any) -> Any:
        if "digest" in path:
            raise Unavailable  # the loop that compares replicas
        self._ask(path)
        return self.subjects

    async def close(self) -> None:
        """Nothing is open."""

    def _ask(self, question: Any) -> None:
        self.asked.append(question)
        if self.is_away:
            raise Unavailable


class Caller:
    """Somebody with a token."""

    def __init__(self, client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    async def call(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        content = {} if body is None else {"json": body}
        return await self.client.request(method, f"/api/v1{path}", headers=self.headers, **content)

    async def get(self, path: str) -> Any:
        answer = await self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any) -> Any:
        answer = await self.call("POST", path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: Any = None, *, status: int) -> Any:
        answer = await self.call(method, path, body)
        assert answer.status_code == status, answer.text
        return answer.json()


SignIn = Callable[..., Caller]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """It is ten in the morning in Tashkent, and stays so unless the test moves the clock."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="session")
def package() -> str:
    return "worklogs"


@pytest.fixture
def settings(settings_kwargs: dict[str, Any]) -> Settings:
    return Settings(**settings_kwargs)


@pytest.fixture
def auth() -> StandIn:
    return StandIn()


@pytest.fixture
def exams() -> StandIn:
    return StandIn()


@pytest.fixture
async def app(settings: Settings, auth: StandIn, exams: StandIn) -> FastAPI:
    app = create_app(settings)
    app.state.hpa.users.client = auth
    app.state.hpa.clients["exams"] = exams
    return app


@pytest.fixture
async def client(app: FastAPI, make_client: MakeClient) -> httpx2.AsyncClient:
    client = await make_client(app)
    people = [told(one, role, full_name=name) for one, (role, name) in PEOPLE.items()]
    await tell(app.state.hpa.database, *people)
    await open_days(app.state.hpa)
    return client


@pytest.fixture
def sign_in(client: httpx2.AsyncClient, tokens: TokenFactory) -> SignIn:
    def sign(user_id: int, role: str | None = None) -> Caller:
        return Caller(client, tokens.headers(user_id, role or PEOPLE[user_id][0]))

    return sign


@pytest.fixture
def owner(sign_in: SignIn) -> Caller:
    return sign_in(OWNER)


@pytest.fixture
def teacher(sign_in: SignIn) -> Caller:
    return sign_in(TEACHER)


@pytest.fixture
def colleague(sign_in: SignIn) -> Caller:
    return sign_in(COLLEAGUE)


@pytest.fixture
def student(sign_in: SignIn) -> Caller:
    return sign_in(STUDENT)
