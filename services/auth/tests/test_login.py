"""Signing in."""

import asyncio
from contextlib import ExitStack

import argon2
import httpx2
import pytest
import time_machine
from fastapi import FastAPI

from auth.deps import Parts
from auth.models import User
from auth.passwords import Passwords, Verdict
from services.auth.tests.conftest import CHEAP, PASSWORD, MakePerson, claims_of, log_in
from shared.testing.metrics import read_metrics

REFUSED = {"detail": "Invalid credentials"}
REQUIRED = "This field is required."
BLANK = "This field may not be blank."
NUL = "Null characters are not allowed."
TOO_LONG = "Ensure this field has no more than 1024 characters."


class TestLogIn:
    async def test_answers_to_the_letter(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        admin = await person("owner", "admin", enter=False)

        answer = await log_in(client, "admin")

        assert answer.status_code == 200
        body = answer.json()
        assert body["user"] == {
            "id": admin.id,
            "username": "admin",
            "role": "owner",
            "full_name": "Ali Valiyev",
        }
        assert list(body) == ["tokens", "user"]
        assert list(body["tokens"]) == ["access", "refresh"]
        assert answer.headers["cache-control"] == "no-store"

    async def test_puts_everything_into_the_access_token_that_others_check(
        self, person: MakePerson
    ) -> None:
        admin = await person("owner", "admin")

        claims = claims_of(admin.tokens["access"])

        assert claims["exp"] - claims.pop("iat") == 8 * 3600
        assert {len(claims.pop("jti")), len(claims.pop("sid"))} == {32}
        assert claims.pop("exp")
        assert claims == {
            "iss": "hpa-auth",
            "aud": "hpa",
            "sub": str(admin.id),
            "role": "owner",
            "username": "admin",
            "token_type": "access",
        }

    async def test_does_not_look_at_the_case_of_the_name(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("owner", "admin", enter=False)

        for name in ("Admin", "ADMIN", "  admin "):
            assert (await log_in(client, name)).status_code == 200

    async def test_looks_at_every_character_of_the_password(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("owner", "admin", enter=False)

        for wrong in (PASSWORD.upper(), f" {PASSWORD}", f"{PASSWORD} ", PASSWORD[:-1]):
            answer = await log_in(client, "admin", wrong)

            assert (answer.status_code, answer.json()) == (401, REFUSED)

    async def test_refuses_the_closed_like_the_wrong_and_the_unknown(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        owner = await person("owner")
        closed = await person("student", "ali", enter=False)
        await owner.ask("DELETE", f"/users/{closed.id}/")

        answers = [
            await log_in(client, "ali"),
            await log_in(client, "owner.bir", "notogri-soz"),
            await log_in(client, "hechkim"),
        ]

        assert {(answer.status_code, answer.content) for answer in answers} == {
            (401, answers[0].content)
        }
        assert answers[0].json() == REFUSED
        assert len({tuple(answer.headers) for answer in answers}) == 1

    async def test_hashes_once_whoever_asks(
        self,
        client: httpx2.AsyncClient,
        person: MakePerson,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        owner = await person("owner")
        closed = await person("student", "ali", enter=False)
        await owner.ask("DELETE", f"/users/{closed.id}/")
        compared: list[str | None] = []
        verify = Passwords.verify

        async def watched(self: Passwords, encoded: str | None, password: str) -> Verdict:
            compared.append(encoded)
            return await verify(self, encoded, password)

        monkeypatch.setattr(Passwords, "verify", watched)

        for name in ("owner.bir", "ali", "hechkim", "x" * 900):
            await log_in(client, name, "notogri-soz")

        assert len(compared) == 4
        assert compared[0] != compared[1]
        assert compared[1:] == [None, None, None]

    async def test_brings_an_older_hash_up_to_the_present_cost(
        self, app: FastAPI, person: MakePerson, parts: Parts
    ) -> None:
        admin = await person("owner", "admin", enter=False)
        parts.passwords._hasher = argon2.PasswordHasher(2, CHEAP.memory_kib, 1)

        await admin.enter()

        async with app.state.hpa.database.reading() as view:
            user = await view.get_one(User, admin.id)
        assert "t=2" in user.password_hash
        await admin.enter()

    async def test_lets_many_devices_in_at_once(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("owner", "admin", enter=False)

        answers = await asyncio.gather(*(log_in(client, "admin") for _ in range(12)))

        assert {answer.status_code for answer in answers} == {200}

    async def test_is_refused_early_when_too_many_wait(
        self, client: httpx2.AsyncClient, person: MakePerson, parts: Parts
    ) -> None:
        await person("owner", "admin", enter=False)
        parts.passwords.line.turn = 10.0
        before = read_metrics((await client.get("/metrics")).text)

        with ExitStack() as line:
            for _ in range(parts.passwords.threads + 1):
                line.enter_context(parts.passwords.place())
            answer = await log_in(client, "admin")
            after = read_metrics((await client.get("/metrics")).text)

        refused = "hpa_refusals_total"
        assert after.of(refused, reason="login_line") == 1 + before.of(refused, reason="login_line")
        assert after.of("hpa_login_line") == parts.passwords.threads + 1
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 5
        assert (await log_in(client, "admin")).status_code == 200

    async def test_says_what_is_wrong_with_the_body(self, client: httpx2.AsyncClient) -> None:
        for body, errors in (
            ({}, {"username": [REQUIRED], "password": [REQUIRED]}),
            ({"username": " ", "password": ""}, {"username": [BLANK], "password": [BLANK]}),
            ({"username": None, "password": "x"}, {"username": ["This field may not be null."]}),
            ({"username": "a", "password": 5}, {"password": ["Not a valid string."]}),
            ({"username": "a\x00", "password": "b"}, {"username": [NUL]}),
            ({"username": "a", "password": "b\x00"}, {"password": [NUL]}),
            ({"username": "a", "password": "x" * 1025}, {"password": [TOO_LONG]}),
        ):
            answer = await client.post("/api/v1/login/", json=body)

            assert (answer.status_code, answer.json()) == (400, errors)

    async def test_bears_what_is_no_login(self, client: httpx2.AsyncClient) -> None:
        headers = {"Content-Type": "application/json"}

        for body in (b'{"username": "\\ud800"}', b"\xff", b"[", b"[]", b"1e999"):
            answer = await client.post("/api/v1/login", content=body, headers=headers)

            assert answer.status_code == 400


class TestThrottle:
    async def test_stops_guessing_one_name_from_one_address(
        self, client: httpx2.AsyncClient, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        await person("student", "ali", enter=False)
        for guess in range(5):
            assert (await log_in(client, "ali", f"taxmin-{guess}")).status_code == 401

        answer = await log_in(client, "ali")

        wait = int(answer.headers["retry-after"])
        assert answer.status_code == 429
        assert 50 <= wait <= 60
        assert answer.json() == {
            "detail": f"Request was throttled. Expected available in {wait} seconds."
        }
        clock.shift(wait)
        assert (await log_in(client, "ali")).status_code == 200

    async def test_keeps_nobody_out_when_the_clock_went_back_an_hour(
        self, client: httpx2.AsyncClient, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        await person("student", "ali", enter=False)
        for guess in range(6):
            await log_in(client, "ali", f"taxmin-{guess}")
        assert (await log_in(client, "ali")).status_code == 429

        clock.shift(-3600)

        assert [(await log_in(client, "ali", f"boshqa-{n}")).status_code for n in range(6)] == [
            *(401,) * 5, 429
        ]  # fmt: skip
        clock.shift(61)
        assert (await log_in(client, "ali")).status_code == 200

    async def test_does_not_count_refused_tries(
        self, client: httpx2.AsyncClient, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        await person("student", "ali", enter=False)
        for guess in range(30):
            await log_in(client, "ali", f"taxmin-{guess}")
            clock.shift(1.9)

        clock.shift(5)

        assert (await log_in(client, "ali")).status_code == 200

    async def test_stops_a_phone_that_repeats_an_old_password_but_not_its_owner(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("student", "ali", enter=False)

        answers = [await log_in(client, "ali", "eski-parol") for _ in range(20)]

        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 15
        assert (await log_in(client, "ali")).status_code == 200

    async def test_treats_names_that_do_not_exist_alike(self, client: httpx2.AsyncClient) -> None:
        answers = [await log_in(client, "hechkim", f"taxmin-{guess}") for guess in range(8)]

        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 3

    async def test_never_looks_at_the_address_alone(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        for name in range(8):
            for guess in range(3):
                await log_in(client, f"bola{name}", f"taxmin-{guess}")
        await person("student", "ali", enter=False)

        assert (await log_in(client, "ali")).status_code == 200

    async def test_forgets_the_failures_of_the_pair_after_a_success(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("student", "ali")
        for _ in range(3):
            for guess in range(4):
                answer = await log_in(client, "ali", f"taxmin-{guess}", agent="Safari")
                assert answer.status_code == 401
            assert (await log_in(client, "ali", agent="Safari")).status_code == 200

    async def test_holds_when_a_hundred_guess_at_once(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("student", "ali", enter=False)

        answers = await asyncio.gather(
            *(log_in(client, "ali", f"taxmin-{guess}") for guess in range(100))
        )

        codes = [answer.status_code for answer in answers]
        assert codes.count(401) <= 5
        assert set(codes) <= {401, 429, 503}

    async def test_stops_guessing_one_name_from_everywhere(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("student", "ali", enter=False)

        answers = [await log_in(client, "ali", "x", address=f"198.51.100.{n}") for n in range(25)]

        assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 5
        assert int(answers[-1].headers["retry-after"]) <= 30

    async def test_lets_a_user_in_where_he_is_known_while_strangers_guess(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("student", "ali")
        for n in range(25):
            await log_in(client, "ali", "x", address=f"198.51.100.{n}")

        assert (await log_in(client, "ali")).status_code == 200
        assert (await log_in(client, "ali", agent="Firefox")).status_code == 200
        assert (await log_in(client, "ali", address="192.0.2.1")).status_code == 429

    async def test_lets_a_known_device_in_while_others_guess_from_the_same_building(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("student", "ali")
        for guess in range(10):
            await log_in(client, "ali", f"taxmin-{guess}", agent="Edge")

        assert (await log_in(client, "ali", agent="Chrome")).status_code == 200

    async def test_lets_a_user_in_anywhere_after_a_wait_though_strangers_go_on(
        self, client: httpx2.AsyncClient, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        await person("student", "ali", enter=False)

        async def attack(minute: int) -> None:
            for n in range(25):
                await log_in(client, "ali", "x", address=f"198.51.{minute}.{n}")

        await attack(0)
        refused = await log_in(client, "ali", address="192.0.2.1")
        clock.shift(int(refused.headers["retry-after"]))
        await attack(1)

        assert refused.status_code == 429
        assert (await log_in(client, "ali", address="192.0.2.9")).status_code == 429
        assert (await log_in(client, "ali", address="192.0.2.1")).status_code == 200

    async def test_believes_only_what_the_gateway_itself_has_seen(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        await person("student", "ali", enter=False)

        answers = [
            await log_in(client, "ali", f"taxmin-{n}", address=f"10.9.8.{n}, 203.0.113.5")
            for n in range(8)
        ]

        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 3
