"""What happens when two do it at once."""

import asyncio

import httpx2
import pytest

from services.auth.tests.conftest import PASSWORD, MakePerson, log_in, states_of

ALI = {"password": PASSWORD, "role": "student", "full_name": "Ali Valiyev"}


class TestOwners:
    @pytest.mark.parametrize("how", ["demote", "close", "delete"])
    async def test_who_remove_each_other_leave_one(
        self, client: httpx2.AsyncClient, person: MakePerson, how: str
    ) -> None:
        one, two = await person("owner", "bir"), await person("owner", "ikki")
        method = "DELETE" if how == "delete" else "PATCH"
        body = {"demote": {"role": "employee"}, "close": {"is_active": False}, "delete": None}[how]

        answers = await asyncio.gather(
            one.ask(method, f"/users/{two.id}/", json=body),
            two.ask(method, f"/users/{one.id}/", json=body),
            two.ask(method, f"/users/{two.id}/", json=body),
            one.ask(method, f"/users/{one.id}/", json=body),
        )

        states = (await states_of(client)).values()
        left = [state for state in states if state["role"] == "owner" and state["is_active"]]
        assert len(left) == 1
        assert {answer.status_code for answer in answers} <= {200, 204, 400, 401, 403}


class TestUsernames:
    async def test_are_given_once_whatever_their_case(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        owner = await person("owner")
        names = ["ali", "ALI", "Ali", "aLI", "alI"]

        answers = await asyncio.gather(
            *(owner.ask("POST", "/users/", json=ALI | {"username": name}) for name in names)
        )

        codes = sorted(answer.status_code for answer in answers)
        assert codes == [201, 400, 400, 400, 400]
        assert len(await states_of(client)) == 2


class TestVersions:
    async def test_count_every_change(self, client: httpx2.AsyncClient, person: MakePerson) -> None:
        owner, ali = await person("owner"), await person(enter=False)

        answers = await asyncio.gather(
            *(
                owner.ask("PATCH", f"/users/{ali.id}/", json={"full_name": f"Ali {n}"})
                for n in range(20)
            )
        )

        done = [answer for answer in answers if answer.status_code == 200]
        assert (await states_of(client))[ali.id]["version"] == 1 + len(done)


class TestPasswords:
    async def test_are_changed_by_one_of_two(
        self, client: httpx2.AsyncClient, person: MakePerson
    ) -> None:
        ali = await person("student", "ali")
        words = ["birinchi-so'z", "ikkinchi-so'z"]

        answers = await asyncio.gather(
            *(
                ali.ask(
                    "POST", "/me/password/", json={"old_password": PASSWORD, "new_password": word}
                )
                for word in words
            )
        )

        assert sorted(answer.status_code for answer in answers) == [204, 400]
        holds = [(await log_in(client, "ali", word)).status_code for word in words]
        assert [answer.status_code == 204 for answer in answers] == [code == 200 for code in holds]
