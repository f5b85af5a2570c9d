"""What routes ask for: the commit comes before the answer, roles are checked, callers are known."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest
from fastapi import FastAPI

from shared.http.deps import require_role
from shared.security.tokens import ServiceTokens
from shared.testing.tokens import SERVICE_SECRET, TokenFactory

THINGS = "/api/v1/things/"
GOOD = {"title": "a", "owner": 1, "day": "2026-02-20"}


class TestTx:
    async def test_a_commit_that_fails_is_never_answered_with_success(
        self, client: httpx2.AsyncClient
    ) -> None:
        answer = await client.post(f"{THINGS}orphan/")

        assert answer.status_code == 500

    async def test_what_was_answered_is_there_for_the_next_reader(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        for _ in range(3):
            answer = await client.post(THINGS, json=GOOD, headers=tokens.headers())
            assert answer.status_code == 201

        assert (await client.get(f"{THINGS}count/")).json() == 3

    async def test_a_refused_body_opens_no_transaction(
        self, client: httpx2.AsyncClient, things: FastAPI, tokens: TokenFactory
    ) -> None:
        async with things.state.hpa.database.transaction():  # SQLite has but one writer
            answer = await client.post(THINGS, json={}, headers=tokens.headers())

        assert answer.status_code == 400

    @pytest.mark.parametrize("request_seconds", [0.5])
    async def test_a_request_that_takes_too_long_gives_the_transaction_back(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        held = await client.post(f"{THINGS}hold/")
        after = await client.post(THINGS, json=GOOD, headers=tokens.headers())

        assert (held.status_code, after.status_code) == (503, 201)
        assert (await client.get(f"{THINGS}count/")).json() == 1

    async def test_a_locked_database_is_503(
        self, client: httpx2.AsyncClient, things: FastAPI, tokens: TokenFactory
    ) -> None:
        async with things.state.hpa.database.transaction():
            answer = await client.post(THINGS, json=GOOD, headers=tokens.headers())

        assert answer.status_code == 503
        assert answer.headers["retry-after"]


class TestCaller:
    async def test_is_whom_the_token_names(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await client.get(f"{THINGS}me/", headers=tokens.headers(7, "student"))

        body = answer.json()
        assert (body["id"], body["role"], body["name"]) == (7, "student", "student7")
        assert body["at"].endswith("Z")

    async def test_is_refused_from_the_moment_he_is_inactive(
        self, client: httpx2.AsyncClient, things: FastAPI, tokens: TokenFactory
    ) -> None:
        things.state.hpa.authenticator.state = _state({7: ("student", False)})

        answer = await client.get(f"{THINGS}me/", headers=tokens.headers(7, "student"))

        assert answer.status_code == 401
        assert answer.json() == {"detail": "User is inactive", "code": "user_inactive"}
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'

    async def test_has_the_role_of_now_not_of_the_token(
        self, client: httpx2.AsyncClient, things: FastAPI, tokens: TokenFactory
    ) -> None:
        things.state.hpa.authenticator.state = _state({7: ("student", True)})

        answer = await client.post(THINGS, json=GOOD, headers=tokens.headers(7, "owner"))

        assert answer.status_code == 403

    async def test_is_believed_while_nothing_is_known_of_him(
        self, client: httpx2.AsyncClient, things: FastAPI, tokens: TokenFactory
    ) -> None:
        things.state.hpa.authenticator.state = _state({})

        answer = await client.get(f"{THINGS}me/", headers=tokens.headers(7, "student"))

        assert answer.json()["role"] == "student"

    @pytest.mark.parametrize(
        ("authorization", "code"),
        [
            ("", None),
            ("Basic eDp5", None),
            ("Bearer", "token_not_valid"),
            ("Bearer ", "token_not_valid"),
            ("Bearer a b", "token_not_valid"),
        ],
    )
    async def test_needs_one_bearer_token(
        self, client: httpx2.AsyncClient, authorization: str, code: str | None
    ) -> None:
        answer = await client.get(f"{THINGS}me/", headers={"Authorization": authorization})

        assert answer.status_code == 401
        assert answer.json().get("code") == code

    async def test_cannot_send_two_tokens(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        value = tokens.headers()["Authorization"]

        answer = await client.get(
            f"{THINGS}me/", headers=[("Authorization", value), ("Authorization", value)]
        )

        assert answer.status_code == 401

    async def test_is_not_taken_from_forged_headers(self, client: httpx2.AsyncClient) -> None:
        headers = {"X-User-Id": "1", "X-User-Role": "owner", "X-Internal-User": "1"}

        assert (await client.get(f"{THINGS}me/", headers=headers)).status_code == 401


def _state(
    users: dict[int, tuple[str, bool]],
) -> Callable[[int], Awaitable[tuple[str, bool] | None]]:
    async def state(user_id: int) -> tuple[str, bool] | None:
        return users.get(user_id)

    return state


class TestRequireRole:
    def test_knows_its_roles_when_it_is_written(self) -> None:
        with pytest.raises(ValueError, match="teacher"):
            require_role("teacher")
        with pytest.raises(ValueError, match="none given"):
            require_role()


class TestServiceCaller:
    async def get(self, client: httpx2.AsyncClient, token: str) -> httpx2.Response:
        return await client.get("/internal/things/", headers={"Authorization": f"Bearer {token}"})

    async def test_is_the_service_that_holds_the_secret(self, client: httpx2.AsyncClient) -> None:
        token = ServiceTokens.mint(SERVICE_SECRET, caller="exams", audience="things")

        assert (await self.get(client, token)).json() == {"caller": "exams"}

    async def test_a_token_for_another_service_is_refused(self, client: httpx2.AsyncClient) -> None:
        token = ServiceTokens.mint(SERVICE_SECRET, caller="exams", audience="results")

        assert (await self.get(client, token)).status_code == 401

    async def test_another_secret_is_refused(self, client: httpx2.AsyncClient) -> None:
        token = ServiceTokens.mint("x" * 64, caller="exams", audience="things")

        assert (await self.get(client, token)).status_code == 401

    async def test_the_owner_is_no_service(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        assert (await self.get(client, tokens.access(1, "owner"))).status_code == 401

    async def test_a_service_is_no_user(self, client: httpx2.AsyncClient) -> None:
        token = ServiceTokens.mint(SERVICE_SECRET, caller="exams", audience="things")

        answer = await client.get(f"{THINGS}me/", headers={"Authorization": f"Bearer {token}"})

        assert answer.status_code == 401
