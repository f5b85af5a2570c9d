"""The auth service on a fresh database, with people in it and cheap passwords."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
import time_machine
from fastapi import FastAPI

from auth.deps import Parts
from auth.domain.users import Role
from auth.main import create_app
from auth.passwords import Cost, Passwords
from auth.service.users import NewUser, create_user
from auth.settings import Settings
from shared.clock import utcnow
from shared.security.tokens import ServiceTokens
from shared.testing.plugin import MakeClient
from shared.testing.tokens import SERVICE_SECRET

PASSWORD = "to'g'ri-ot-batareya"
CHEAP = Cost(memory_kib=8, rounds=1)
REFUSED_TOKEN = {"detail": "Token is invalid or expired", "code": "token_not_valid"}


@pytest.fixture(scope="session")
def package() -> str:
    return "auth"


@pytest.fixture(scope="session")
def password_hash() -> Iterator[str]:
    """Return the hash of PASSWORD at the tests' cost."""
    passwords = Passwords(CHEAP, threads=1)
    yield asyncio.run(passwords.hash(PASSWORD))
    passwords.close()


@pytest.fixture
def settings(settings_kwargs: dict[str, Any], tmp_path: Path) -> Settings:
    return Settings(
        **settings_kwargs
        | {
            "keys_dir": tmp_path / "keys",
            "argon2_memory_kib": CHEAP.memory_kib,
            "argon2_rounds": CHEAP.rounds,
            "argon2_threads": 2,
        }
    )


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def parts(app: FastAPI) -> Parts:
    found: Parts = app.state.auth
    return found


@pytest.fixture
async def client(app: FastAPI, make_client: MakeClient) -> httpx2.AsyncClient:
    return await make_client(app)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Return the hands of the clock; it goes on running from where it is put."""
    with time_machine.travel(utcnow(), tick=True) as traveller:
        yield traveller


@dataclass
class Person:
    """A user of the tests and what he holds after signing in."""

    id: int
    username: str
    client: httpx2.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access']}"}

    async def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        """Send a request of his."""
        return await self.client.request(method, f"/api/v1{path}", headers=self.headers, **more)

    async def enter(self, password: str = PASSWORD) -> "Person":
        """Sign in."""
        answer = await log_in(self.client, self.username, password)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()["tokens"]
        return self


MakePerson = Callable[..., Awaitable[Person]]


@pytest.fixture
def person(app: FastAPI, client: httpx2.AsyncClient, password_hash: str) -> MakePerson:
    """Return a function that makes a user and signs him in."""

    async def make(
        role: Role = "student", username: str = "", *, enter: bool = True, **more: Any
    ) -> Person:
        fields = {"full_name": "Ali Valiyev"} | more
        new = NewUser(username or f"{role}.bir", password_hash, role, **fields)
        async with app.state.hpa.database.transaction() as tx:
            user = await create_user(tx, new, now=utcnow())
        made = Person(user.id, user.username, client)
        return await made.enter() if enter else made

    return make


async def log_in(
    client: httpx2.AsyncClient,
    username: str,
    password: str = PASSWORD,
    *,
    address: str = "203.0.113.1",
    agent: str = "Chrome",
) -> httpx2.Response:
    """Try to sign in through a gateway that saw *address*."""
    headers = {"X-Forwarded-For": address, "User-Agent": agent}
    body = {"username": username, "password": password}
    return await client.post("/api/v1/login/", json=body, headers=headers)


async def renew(
    client: httpx2.AsyncClient,
    refresh: str,
    *,
    address: str = "203.0.113.1",
    agent: str = "Chrome",
) -> httpx2.Response:
    """Exchange a refresh token."""
    headers = {"X-Forwarded-For": address, "User-Agent": agent}
    return await client.post("/api/v1/token/refresh/", json={"refresh": refresh}, headers=headers)


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, without checking it."""
    return jwt.decode(token, options={"verify_signature": False})


def from_service(caller: str = "exams", audience: str = "auth") -> dict[str, str]:
    """Return the headers of another service."""
    token = ServiceTokens.mint(SERVICE_SECRET, caller=caller, audience=audience)
    return {"Authorization": f"Bearer {token}"}


async def states_of(client: httpx2.AsyncClient) -> dict[int, dict[str, Any]]:
    """Return what auth tells other services, by user."""
    answer = await client.get("/internal/users/", headers=from_service())
    return {state["user_id"]: state for state in answer.json()}
