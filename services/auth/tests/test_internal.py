"""What other services may ask."""

from typing import Any

import httpx2
import pytest

from services.auth.tests.conftest import MakePerson, from_service

ROUTES = [
    ("POST", "/internal/users/lookup/"),
    ("GET", "/internal/users/"),
    ("GET", "/internal/users/digest/"),
]


async def ask(client: httpx2.AsyncClient, method: str, path: str, **more: Any) -> Any:
    answer = await client.request(method, path, headers=from_service(), **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestInternalRoutes:
    @pytest.mark.parametrize(("method", "path"), ROUTES)
    async def test_are_closed_to_everybody_else(
        self, client: httpx2.AsyncClient, person: MakePerson, method: str, path: str
    ) -> None:
        owner = await person("owner")

        answers = [
            await client.request(method, path),
            await client.request(method, path, headers=owner.headers),
            await client.request(method, path, headers=from_service(audience="exams")),
        ]

        assert [answer.status_code for answer in answers] == [401, 401, 401]

    async def test_give_states_without_secrets(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person("student", "ali", telegram_id=5)

        (state,) = await ask(client, "POST", "/internal/users/lookup/", json={"ids": [ali.id, 99]})

        assert state.pop("created_at") == state.pop("changed_at")
        assert state == {
            "user_id": ali.id,
            "version": 1,
            "username": "ali",
            "role": "student",
            "full_name": "Ali Valiyev",
            "telegram_id": 5,
            "is_active": True,
        }

    async def test_bear_five_thousand_ids(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person(enter=False)
        ids = [*range(1000, 5999), ali.id]

        found = await ask(client, "POST", "/internal/users/lookup/", json={"ids": ids})

        assert [state["user_id"] for state in found] == [ali.id]

    async def test_give_pages_by_id(self, client: httpx2.AsyncClient, person: MakePerson) -> None:
        ids = [(await person("student", f"bola{n}", enter=False)).id for n in range(3)]

        first = await ask(client, "GET", "/internal/users/?limit=2")
        rest = await ask(client, "GET", f"/internal/users/?after={first[-1]['user_id']}&limit=2")

        assert [state["user_id"] for state in [*first, *rest]] == ids

    async def test_tell_two_copies_apart(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        empty = await ask(client, "GET", "/internal/users/digest/")
        owner, ali = await person("owner"), await person(enter=False)
        before = await ask(client, "GET", "/internal/users/digest/")
        await owner.ask("DELETE", f"/users/{ali.id}/")

        after = await ask(client, "GET", "/internal/users/digest/")

        assert empty == {"count": 0, "versions": 0}
        assert (before, after) == ({"count": 2, "versions": 2}, {"count": 2, "versions": 3})
