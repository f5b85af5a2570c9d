"""The caller's own account."""

import httpx2
import time_machine
from fastapi import FastAPI

from auth.tokens.keys import KeyStore
from services.auth.tests.conftest import PASSWORD, MakePerson, log_in, renew
from shared.clock import utcnow

NEW = "yangi-sirli-so'z"
WRONG = "Your old password was entered incorrectly. Please enter it again."


def change(old: str = PASSWORD, new: str = NEW) -> dict[str, str]:
    return {"old_password": old, "new_password": new}


class TestGetMe:
    async def test_shows_the_whole_account_but_the_password(self, person: MakePerson) -> None:
        ali = await person("student", "ali", phone="+998 90 123 45 67", telegram_id=-(2**40))

        answer = await ali.ask("GET", "/me/")

        body = answer.json()
        assert body.pop("created_at").endswith("Z")
        assert body == {
            "id": ali.id,
            "username": "ali",
            "role": "student",
            "full_name": "Ali Valiyev",
            "telegram_id": -(2**40),
            "phone": "+998 90 123 45 67",
            "is_active": True,
        }

    async def test_wants_a_token(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get("/api/v1/me/")

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'

    async def test_is_refused_at_once_when_the_account_was_closed(self, person: MakePerson) -> None:
        owner, ali = await person("owner"), await person()
        assert (await ali.ask("GET", "/me/")).status_code == 200

        await owner.ask("DELETE", f"/users/{ali.id}/")

        assert (await ali.ask("GET", "/me/")).status_code == 401

    async def test_is_refused_when_the_token_has_expired(
        self, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        ali = await person()
        clock.shift(8 * 3600 - 5)
        assert (await ali.ask("GET", "/me/")).status_code == 200

        clock.shift(70)

        assert (await ali.ask("GET", "/me/")).json()["code"] == "token_not_valid"

    async def test_goes_on_after_the_signing_key_was_replaced(
        self, app: FastAPI, person: MakePerson
    ) -> None:
        ali = await person()
        keys: KeyStore = app.state.auth.keys
        keys.rotate(utcnow(), force=True)
        app.state.hpa.verifier.keys._tried_at -= 2  # keys are fetched once a second at most

        veli = await person("student", "veli")

        assert (await veli.ask("GET", "/me/")).status_code == 200
        assert (await ali.ask("GET", "/me/")).status_code == 200

    async def test_ends_once_the_signing_key_has_leaked(
        self, app: FastAPI, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person("student", "ali")
        refresh = (await log_in(client, "ali")).json()["tokens"]["refresh"]
        keys: KeyStore = app.state.auth.keys
        keys.start_over(utcnow())
        app.state.hpa.verifier.keys._tried_at -= 2  # keys are fetched once a second at most

        veli = await person("student", "veli")

        assert (await veli.ask("GET", "/me/")).status_code == 200
        assert (await ali.ask("GET", "/me/")).json()["code"] == "token_not_valid"
        assert (await renew(client, refresh)).status_code == 401


class TestChangePassword:
    async def test_changes_it(self, client: httpx2.AsyncClient, person: MakePerson) -> None:
        ali = await person("student", "ali")

        answer = await ali.ask("POST", "/me/password/", json=change())

        assert (answer.status_code, answer.content) == (204, b"")
        assert (await log_in(client, "ali", PASSWORD)).status_code == 401
        assert (await log_in(client, "ali", NEW)).status_code == 200

    async def test_ends_all_other_sessions(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person("student", "ali")
        other = (await log_in(client, "ali")).json()["tokens"]["refresh"]

        await ali.ask("POST", "/me/password/", json=change())

        assert (await renew(client, other)).status_code == 401
        assert (await renew(client, ali.tokens["refresh"])).status_code == 200

    async def test_wants_the_old_one(self, client: httpx2.AsyncClient, person: MakePerson) -> None:
        ali = await person("student", "ali")

        answer = await ali.ask("POST", "/me/password/", json=change(old="notogri"))

        assert (answer.status_code, answer.json()) == (400, {"old_password": [WRONG]})
        assert (await log_in(client, "ali")).status_code == 200

    async def test_refuses_a_weak_one(self, person: MakePerson) -> None:
        ali = await person("student", "ali.valiyev")

        answer = await ali.ask("POST", "/me/password/", json=change(new="alivaliyev"))

        message = "The password is too similar to the username."
        assert (answer.status_code, answer.json()) == (400, {"new_password": [message]})

    async def test_may_not_be_guessed_with_a_stolen_token(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person("student", "ali")

        answers = [
            await ali.ask("POST", "/me/password/", json=change(old=f"taxmin-{guess}"))
            for guess in range(7)
        ]

        assert [answer.status_code for answer in answers] == [400] * 5 + [429] * 2
        assert (await log_in(client, "ali")).status_code == 200

    async def test_wants_both(self, person: MakePerson) -> None:
        ali = await person()

        for body in ({}, {"old_password": "a"}, {"new_password": None}):
            assert (await ali.ask("POST", "/me/password/", json=body)).status_code == 400
