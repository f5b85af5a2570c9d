"""Refresh tokens and the sessions they belong to."""

import asyncio

import httpx2
import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.deps import Parts
from services.auth.tests.conftest import (
    REFUSED_TOKEN,
    MakePerson,
    claims_of,
    log_in,
    renew,
)


def outcome(answer: httpx2.Response) -> tuple[int, object]:
    return answer.status_code, answer.json()


class TestRefreshToken:
    async def test_gives_another_pair(self, client: httpx2.AsyncClient, person: MakePerson) -> None:
        ali = await person()

        answer = await renew(client, ali.tokens["refresh"])

        assert answer.status_code == 200
        pair = answer.json()
        assert list(pair) == ["access", "refresh"]
        assert pair["refresh"] != ali.tokens["refresh"]
        ali.tokens = pair
        assert (await ali.ask("GET", "/me/")).status_code == 200
        assert (await renew(client, pair["refresh"])).status_code == 200

    async def test_lives_for_thirty_days_from_each_use(
        self, client: httpx2.AsyncClient, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        ali = await person()
        clock.shift(29 * 24 * 3600)
        second = (await renew(client, ali.tokens["refresh"])).json()["refresh"]
        clock.shift(29 * 24 * 3600)
        third = (await renew(client, second)).json()["refresh"]

        clock.shift(30 * 24 * 3600 + 61)

        assert outcome(await renew(client, third)) == (401, REFUSED_TOKEN)

    async def test_bears_a_clock_that_is_a_little_ahead(
        self, client: httpx2.AsyncClient, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        ali = await person()

        clock.shift(-30)

        assert (await renew(client, ali.tokens["refresh"])).status_code == 200

    async def test_used_again_ends_the_whole_session(
        self, client: httpx2.AsyncClient, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        ali = await person()
        first = ali.tokens["refresh"]
        second = (await renew(client, first)).json()["refresh"]
        clock.shift(6)

        stolen = await renew(client, first)

        assert outcome(stolen) == (401, REFUSED_TOKEN)
        assert outcome(await renew(client, second)) == (401, REFUSED_TOKEN)

    async def test_used_again_leaves_other_sessions_alone(
        self, client: httpx2.AsyncClient, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        ali = await person()
        first = ali.tokens["refresh"]
        other = (await ali.enter()).tokens["refresh"]
        await renew(client, first)
        clock.shift(6)
        await renew(client, first)

        assert (await renew(client, other)).status_code == 200

    async def test_of_twins_get_the_same_successor(
        self, client: httpx2.AsyncClient, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        ali = await person()
        one = await renew(client, ali.tokens["refresh"])
        clock.shift(4)

        other = await renew(client, ali.tokens["refresh"])

        assert other.json()["refresh"] == one.json()["refresh"]
        assert (await renew(client, one.json()["refresh"])).status_code == 200

    async def test_of_a_twin_that_comes_after_its_successor_was_used_is_no_theft(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person()
        second = (await renew(client, ali.tokens["refresh"])).json()["refresh"]
        third = (await renew(client, second)).json()["refresh"]

        late = await renew(client, ali.tokens["refresh"])

        assert late.json()["refresh"] == second
        assert (await renew(client, third)).status_code == 200

    @pytest.mark.parametrize("other", [{"address": "203.0.113.2"}, {"agent": "curl"}])
    async def test_from_another_client_has_no_grace(
        self, client: httpx2.AsyncClient, person: MakePerson, other: dict[str, str]
    ) -> None:
        ali = await person()
        second = (await renew(client, ali.tokens["refresh"])).json()["refresh"]

        assert outcome(await renew(client, ali.tokens["refresh"], **other)) == (401, REFUSED_TOKEN)
        assert (await renew(client, second)).status_code == 401

    async def test_makes_one_family_of_a_hundred_equal_requests(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person()

        answers = await asyncio.gather(*(renew(client, ali.tokens["refresh"]) for _ in range(100)))

        done = [answer.json()["refresh"] for answer in answers if answer.status_code == 200]
        assert done
        # On a slow disk the last ones in the line may be asked to come again.
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert len(set(done)) == 1
        assert (await renew(client, done[0])).status_code == 200

    async def test_of_a_closed_user_is_refused(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        owner, ali = await person("owner"), await person()
        await owner.ask("DELETE", f"/users/{ali.id}/")
        await owner.ask("PATCH", f"/users/{ali.id}/", json={"is_active": True})

        assert outcome(await renew(client, ali.tokens["refresh"])) == (401, REFUSED_TOKEN)

    async def test_carries_the_role_of_the_moment(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        owner, ali = await person("owner"), await person()
        await owner.ask("PATCH", f"/users/{ali.id}/", json={"role": "employee"})

        access = (await renew(client, ali.tokens["refresh"])).json()["access"]

        assert claims_of(access)["role"] == "employee"

    async def test_is_no_access_token(self, client: httpx2.AsyncClient, person: MakePerson) -> None:
        ali = await person()
        ali.tokens["access"], ali.tokens["refresh"] = ali.tokens["refresh"], ali.tokens["access"]

        assert (await ali.ask("GET", "/me/")).json()["code"] == "token_not_valid"
        assert outcome(await renew(client, ali.tokens["refresh"])) == (401, REFUSED_TOKEN)

    async def test_that_is_none_is_refused(self, client: httpx2.AsyncClient) -> None:
        for token in ("x", "a.b.c", "x" * 5000, "eyJhbGciOiJub25lIn0.e30."):
            assert outcome(await renew(client, token)) == (401, REFUSED_TOKEN)

    async def test_is_forged_in_vain(
        self, client: httpx2.AsyncClient, person: MakePerson, parts: Parts
    ) -> None:
        ali = await person()
        good = claims_of(ali.tokens["refresh"])
        head = jwt.get_unverified_header(ali.tokens["refresh"])
        del head["alg"]  # jwt.encode would follow it
        found = parts.keys.find(head["kid"])
        assert found is not None
        key, stranger = found.private, Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()

        forged = [
            jwt.encode(good, stranger, "EdDSA", head),
            jwt.encode(good, public, "HS256", head),
            jwt.encode(good, None, "none", head),  # type: ignore[arg-type]
            jwt.encode(good, key, "EdDSA", head | {"kid": "another"}),
            jwt.encode(good, key, "EdDSA", head | {"typ": "at+jwt"}),
            jwt.encode(good, key, "EdDSA", head | {"jku": "https://example.org/jwks.json"}),
            jwt.encode(good, key, "EdDSA", head | {"crit": ["exp"]}),
            *(
                jwt.encode(good | change, key, "EdDSA", head)
                for change in (
                    {"aud": "hpa"},
                    {"aud": ["hpa-refresh", "hpa"]},
                    {"iss": "somebody"},
                    {"token_type": "access"},
                    {"exp": 1},
                    {"jti": "no uuid"},
                    {"sid": 5},
                    {"jti": "00000000000000000000000000000000"},
                    {"sid": "00000000000000000000000000000000"},
                )
            ),
        ]

        for token in forged:
            assert outcome(await renew(client, token)) == (401, REFUSED_TOKEN)
        assert (await renew(client, ali.tokens["refresh"])).status_code == 200


class TestLogOut:
    async def test_ends_the_session(self, client: httpx2.AsyncClient, person: MakePerson) -> None:
        ali = await person()

        answer = await ali.ask("POST", "/logout/", json={"refresh": ali.tokens["refresh"]})

        assert (answer.status_code, answer.content) == (204, b"")
        assert outcome(await renew(client, ali.tokens["refresh"])) == (401, REFUSED_TOKEN)

    async def test_ends_it_with_a_spent_token_too(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person()
        second = (await renew(client, ali.tokens["refresh"])).json()["refresh"]

        await ali.ask("POST", "/logout/", json={"refresh": ali.tokens["refresh"]})

        assert (await renew(client, second)).status_code == 401

    async def test_bears_a_session_that_has_ended(
        self, person: MakePerson, clock: time_machine.Traveller
    ) -> None:
        ali = await person()
        refresh = ali.tokens["refresh"]

        for _ in range(2):
            answer = await ali.ask("POST", "/logout/", json={"refresh": refresh})
            assert answer.status_code == 204
        clock.shift(31 * 24 * 3600)
        await ali.enter()
        assert (await ali.ask("POST", "/logout/", json={"refresh": refresh})).status_code == 204

    async def test_leaves_other_sessions_alone(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person()
        other = (await log_in(client, ali.username)).json()["tokens"]["refresh"]

        await ali.ask("POST", "/logout/", json={"refresh": ali.tokens["refresh"]})

        assert (await renew(client, other)).status_code == 200

    async def test_wants_to_know_who_calls(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person()
        body = {"refresh": ali.tokens["refresh"]}

        assert (await client.post("/api/v1/logout/", json=body)).status_code == 401
        assert outcome(await ali.ask("POST", "/logout/", json={"refresh": "x"})) == (
            401,
            REFUSED_TOKEN,
        )
        missing = await ali.ask("POST", "/logout/", json={})
        assert outcome(missing) == (400, {"refresh": ["This field is required."]})
