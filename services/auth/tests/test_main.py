"""Starting, clearing up, and the commands."""

import asyncio
import io
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import func, select

from auth.__main__ import main
from auth.jobs import ensure_owner, tidy
from auth.main import create_app
from auth.models import LoginFailure, RefreshToken, Session
from auth.settings import Settings
from services.auth.tests.conftest import PASSWORD, MakePerson, log_in, renew
from shared.clock import utcnow
from shared.testing.plugin import MakeClient


@pytest.fixture
def with_owner(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"owner_username": "admin", "owner_password": SecretStr(PASSWORD)}
    )


class TestFirstOwner:
    async def test_is_there_when_the_service_is(
        self, make_client: MakeClient, with_owner: Settings
    ) -> None:
        client = await make_client(create_app(with_owner))

        answer = await log_in(client, "admin")

        assert answer.json()["user"]["role"] == "owner"

    async def test_is_made_once_by_any_number_of_processes(
        self, make_client: MakeClient, with_owner: Settings
    ) -> None:
        apps = [create_app(with_owner) for _ in range(3)]
        clients = [await make_client(app) for app in apps]

        tokens = (await log_in(clients[0], "admin")).json()["tokens"]
        headers = {"Authorization": f"Bearer {tokens['access']}"}
        for client in clients:
            users = (await client.get("/api/v1/users/", headers=headers)).json()
            assert [user["username"] for user in users] == ["admin"]

    async def test_is_not_made_beside_another(
        self, app: FastAPI, person: MakePerson, with_owner: Settings
    ) -> None:
        await person("owner", "other", enter=False)

        made = await ensure_owner(
            app.state.hpa.database, app.state.auth.passwords, with_owner, utcnow()
        )

        assert not made

    async def test_is_not_made_without_a_password(self, app: FastAPI, settings: Settings) -> None:
        made = await ensure_owner(
            app.state.hpa.database, app.state.auth.passwords, settings, utcnow()
        )

        assert not made


class TestTidy:
    async def test_drops_what_decides_nothing_any_more(
        self, client: httpx2.AsyncClient, app: FastAPI, person: MakePerson
    ) -> None:
        ali = await person("student", "ali")
        await renew(client, ali.tokens["refresh"])
        await log_in(client, "ali", "notogri")
        tables = (Session, RefreshToken, LoginFailure)
        counted = [await count(app, table) for table in tables]

        await tidy(app.state.hpa.database, app.state.auth, utcnow() + timedelta(days=31))

        assert counted == [1, 2, 3]
        assert [await count(app, table) for table in tables] == [0, 0, 0]

    async def test_keeps_what_is_alive(
        self, client: httpx2.AsyncClient, app: FastAPI, person: MakePerson
    ) -> None:
        ali = await person("student", "ali")

        await tidy(app.state.hpa.database, app.state.auth, utcnow() + timedelta(days=29))

        assert (await renew(client, ali.tokens["refresh"])).status_code == 200


class TestDocument:
    async def test_says_who_may_do_what(self, client: httpx2.AsyncClient) -> None:
        document = (await client.get("/openapi.json")).json()

        paths = document["paths"]
        assert set(paths) == {
            "/api/v1/login/", "/api/v1/token/refresh/", "/api/v1/logout/", "/api/v1/me/",
            "/api/v1/me/password/", "/api/v1/users/", "/api/v1/users/import/",
            "/api/v1/users/{user_id}/",
        }  # fmt: skip
        assert paths["/api/v1/login/"]["post"]["security"] == []
        assert paths["/api/v1/users/"]["post"]["x-roles"] == ["owner"]
        assert "password" not in document["components"]["schemas"]["UserOut"]["properties"]


@pytest.fixture
def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs `python -m auth` with words and a password on its input."""
    for name, value in {
        "DATABASE_URL": settings.database_url,
        "SERVICE_SECRET": settings.service_secret.get_secret_value(),
        "KEYS_DIR": str(settings.keys_dir),
        "ARGON2_MEMORY_KIB": "8",
        "ARGON2_ROUNDS": "1",
    }.items():
        monkeypatch.setenv(name, value)

    def run(*words: str, password: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


class TestCommands:
    async def test_create_a_user_and_set_his_password(
        self, client: httpx2.AsyncClient, command: Callable[..., tuple[int, str, str]]
    ) -> None:
        words = ("create-user", "ali", "--role", "owner", "--full-name", "Ali")
        code, password, _ = await asyncio.to_thread(command, *words)
        assert code == 0
        assert (await log_in(client, "ali", password.strip())).status_code == 200

        done = await asyncio.to_thread(command, "set-password", "ALI", "--stdin", password=PASSWORD)

        assert done == (0, "", "")
        assert (await log_in(client, "ali")).json()["user"]["full_name"] == "Ali"

    def test_say_what_they_refuse(self, command: Callable[..., tuple[int, str, str]]) -> None:
        for words, password, reason in (
            (("set-password", "hechkim"), PASSWORD, "No User matches"),
            (("create-user", "ali"), "qisqa", "too short"),
            (("create-user", "a b"), PASSWORD, "valid username"),
        ):
            code, out, error = command(*words, "--stdin", password=password)

            assert (code, out) == (1, "")
            assert reason in error
            assert password not in error

    def test_rotate_the_keys(
        self, app: FastAPI, command: Callable[..., tuple[int, str, str]]
    ) -> None:
        assert command("rotate-keys")[0] == 0

        assert len(app.state.auth.keys.jwks(utcnow())["keys"]) == 2

    def test_forget_the_keys_that_leaked(
        self, app: FastAPI, command: Callable[..., tuple[int, str, str]]
    ) -> None:
        (leaked,) = app.state.auth.keys.jwks(utcnow())["keys"]

        assert command("rotate-keys", "--leaked")[0] == 0

        (key,) = app.state.auth.keys.jwks(utcnow())["keys"]
        assert key["kid"] != leaked["kid"]


async def count(app: FastAPI, table: Any) -> int:
    async with app.state.hpa.database.reading() as view:
        return int(await view.scalar(select(func.count()).select_from(table)))
