"""Managing users over HTTP."""

from typing import Any

import httpx2
import pytest

from services.auth.tests.conftest import (
    PASSWORD,
    MakePerson,
    Person,
    log_in,
    renew,
    states_of,
)

TAKEN = {"username": ["A user with that username already exists."]}
LAST_OWNER = {"error": "Tizimda kamida bitta faol ega (owner) qolishi shart."}
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
ABSENT = {"detail": "No User matches the given query."}
REQUIRED = ["This field is required."]
TOO_BIG = "Ensure this value is less than or equal to 9223372036854775807."
INTEGER = ["A valid integer is required."]
ALI: dict[str, Any] = {
    "username": "ali",
    "password": PASSWORD,
    "role": "student",
    "full_name": "Ali Valiyev",
}


@pytest.fixture
async def owner(person: MakePerson) -> Person:
    return await person("owner", "admin")


async def create(owner: Person, **fields: Any) -> dict[str, Any]:
    answer = await owner.ask("POST", "/users/", json=ALI | fields)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


class TestCreateUser:
    async def test_answers_to_the_letter(self, owner: Person) -> None:
        answer = await owner.ask(
            "POST", "/users/", json=ALI | {"telegram_id": 70000001, "phone": "+998901234567"}
        )

        assert answer.status_code == 201
        body = answer.json()
        assert body.pop("created_at").endswith("Z")
        assert body == {
            "id": owner.id + 1,
            "username": "ali",
            "role": "student",
            "full_name": "Ali Valiyev",
            "telegram_id": 70000001,
            "phone": "+998901234567",
            "is_active": True,
        }

    async def test_lets_the_user_sign_in(self, client: httpx2.AsyncClient, owner: Person) -> None:
        await create(owner)

        assert (await log_in(client, "Ali")).status_code == 200

    async def test_stores_nothing_that_is_not_asked_for(self, owner: Person) -> None:
        made = await create(
            owner, id=999, is_active=False, created_at="2020-01-01T00:00:00Z", version=7
        )

        assert made["id"] == owner.id + 1
        assert made["is_active"] is True
        assert not made["created_at"].startswith("2020")
        assert made["telegram_id"] is None

    async def test_refuses_a_name_that_is_taken_in_any_case(self, owner: Person) -> None:
        await create(owner)

        for name in ("ALI", "Ali", "Ａｌｉ", " ali "):  # noqa: RUF001 - meant
            answer = await owner.ask("POST", "/users/", json=ALI | {"username": name})

            assert (answer.status_code, answer.json()) == (400, TAKEN)

    async def test_lets_two_have_one_chat(self, owner: Person) -> None:
        """Two children, one mother's telephone; and clients write the number as a string."""
        one = await create(owner, telegram_id="70000001")
        other = await create(owner, username="vali", telegram_id=70000001)

        assert one["telegram_id"] == other["telegram_id"] == 70000001

    async def test_says_what_is_wrong(self, owner: Person) -> None:
        for field, value, errors in (
            ("username", "x" * 151, ["Ensure this field has no more than 150 characters."]),
            ("username", "ﷺ" * 20, ["Ensure this field has no more than 150 characters."]),
            ("username", 5, ["Not a valid string."]),
            ("role", "admin", ["Not a valid choice."]),
            ("role", None, ["This field may not be null."]),
            ("full_name", " ", ["This field may not be blank."]),
            ("full_name", "a\x00", ["Null characters are not allowed."]),
            ("telegram_id", 2**63, [TOO_BIG]),
            ("telegram_id", str(2**63), [TOO_BIG]),
            ("telegram_id", 1.5, INTEGER),
            ("telegram_id", True, INTEGER),
            ("telegram_id", "x", INTEGER),
            ("telegram_id", "", INTEGER),
            ("phone", "9" * 33, ["Ensure this field has no more than 32 characters."]),
            ("password", "12345678901", ["This password is entirely numeric."]),
            ("password", "parol123", ["This password is too common."]),
            ("password", "ab" * 65, ["Ensure this field has no more than 128 characters."]),
        ):
            answer = await owner.ask("POST", "/users/", json=ALI | {field: value})

            assert (answer.status_code, answer.json()) == (400, {field: errors})

    async def test_wants_the_required_fields(self, owner: Person) -> None:
        answer = await owner.ask("POST", "/users/", json={})

        fields = ("username", "password", "role", "full_name")
        assert answer.json() == dict.fromkeys(fields, REQUIRED)

    @pytest.mark.parametrize("role", ["employee", "student"])
    async def test_is_for_owners(self, person: MakePerson, role: str) -> None:
        caller = await person(role)

        answer = await caller.ask("POST", "/users/", json={"role": "owner"})

        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


class TestListUsers:
    async def test_shows_the_owner_everybody_by_id(self, owner: Person) -> None:
        await create(owner)
        await create(owner, username="vali", role="employee")

        found = (await owner.ask("GET", "/users/")).json()

        assert [user["username"] for user in found] == ["admin", "ali", "vali"]
        assert set(found[0]) == {
            "id", "username", "role", "full_name",
            "telegram_id", "phone", "is_active", "created_at",
        }  # fmt: skip

    async def test_filters(self, owner: Person) -> None:
        await create(owner, username="vali", full_name="Karim Valiyev", role="employee")
        await create(owner, full_name="Ali Aliyev")
        closed = await create(owner, username="zuhra", full_name="Зуҳра")
        await owner.ask("DELETE", f"/users/{closed['id']}/")

        for query, names in (
            ("role=student", ["ali", "zuhra"]),
            ("role=student&is_active=true", ["ali"]),
            ("is_active=false", ["zuhra"]),
            ("is_active=&role=&search=", ["admin", "vali", "ali", "zuhra"]),
            ("search=KARIM", ["vali"]),
            ("search=ЗУҲРА", ["zuhra"]),
            ("search=val+karim", ["vali"]),
            ("search=%25", []),
            ("search=_", []),
            ("ordering=-username", ["zuhra", "vali", "ali", "admin"]),
            ("ordering=role,-id", ["vali", "admin", "zuhra", "ali"]),
            ("ordering=password_hash", ["admin", "vali", "ali", "zuhra"]),
            ("limit=2&offset=1", ["vali", "ali"]),
            ("offset=3", ["zuhra"]),
        ):
            found = (await owner.ask("GET", f"/users/?{query}")).json()

            assert (query, [user["username"] for user in found]) == (query, names)

    async def test_counts_what_a_limit_leaves_out(self, owner: Person) -> None:
        for name in ("ali", "vali", "gani"):
            await create(owner, username=name)

        answer = await owner.ask("GET", "/users/?role=student&limit=2")

        assert answer.headers["x-total-count"] == "3"
        assert 'rel="next"' in answer.headers["link"]
        assert len(answer.json()) == 2

    async def test_refuses_what_makes_no_sense(self, owner: Person) -> None:
        for query in ("role=admin", "is_active=perhaps", "limit=-1", "search=%00", "offset=1e9"):
            assert (await owner.ask("GET", f"/users/?{query}")).status_code == 400

    async def test_shows_employees_the_students_only(
        self, owner: Person, person: MakePerson
    ) -> None:
        await create(owner)
        teacher = await person("employee")

        everybody = (await teacher.ask("GET", "/users/")).json()
        owners = (await teacher.ask("GET", "/users/?role=owner")).json()
        page = await teacher.ask("GET", "/users/?limit=1")

        assert [user["username"] for user in everybody] == ["ali"]
        assert owners == []
        assert page.headers["x-total-count"] == "1"

    async def test_is_not_for_students(self, person: MakePerson) -> None:
        ali = await person()

        answer = await ali.ask("GET", "/users/")

        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)


class TestGetUser:
    async def test_lets_employees_know_students_only(
        self, owner: Person, person: MakePerson
    ) -> None:
        teacher, ali = await person("employee"), await create(owner)

        student = await teacher.ask("GET", f"/users/{ali['id']}/")
        others = [await teacher.ask("GET", f"/users/{one.id}/") for one in (owner, teacher)]

        assert student.json() == ali
        assert [(answer.status_code, answer.json()) for answer in others] == [(404, ABSENT)] * 2

    async def test_does_not_know_what_is_not_there(self, owner: Person) -> None:
        for user_id in ("999", "0", "x", "1.0", "9" * 30, "-1", "%00"):
            answer = await owner.ask("GET", f"/users/{user_id}/")

            assert (answer.status_code, answer.json()) == (404, ABSENT)


class TestUpdateUser:
    async def test_changes_what_was_sent(self, owner: Person) -> None:
        ali = await create(owner, phone="1")

        answer = await owner.ask("PATCH", f"/users/{ali['id']}/", json={"full_name": "Ali Karimov"})

        assert answer.json() == ali | {"full_name": "Ali Karimov"}

    async def test_forgets_what_was_sent_as_null(self, owner: Person) -> None:
        ali = await create(owner, phone="1", telegram_id=5)

        answer = await owner.ask(
            "PATCH", f"/users/{ali['id']}/", json={"phone": None, "telegram_id": None}
        )

        assert answer.json() == ali | {"phone": None, "telegram_id": None}

    async def test_as_a_whole_wants_the_required_fields(self, owner: Person) -> None:
        ali = await create(owner)

        answer = await owner.ask("PUT", f"/users/{ali['id']}/", json={"phone": "1"})

        assert answer.status_code == 400
        assert answer.json() == dict.fromkeys(("username", "role", "full_name"), REQUIRED)

    async def test_as_a_whole_keeps_password_and_chat_when_they_do_not_come(
        self, client: httpx2.AsyncClient, owner: Person
    ) -> None:
        ali = await create(owner, telegram_id=5)
        body = {"username": "ali2", "role": "employee", "full_name": "Ali"}

        answer = await owner.ask("PUT", f"/users/{ali['id']}/", json=body)

        assert answer.json() == ali | body
        assert (await log_in(client, "ali2")).status_code == 200

    async def test_with_a_password_ends_the_sessions(
        self, client: httpx2.AsyncClient, owner: Person
    ) -> None:
        ali = await create(owner)
        refresh = (await log_in(client, "ali")).json()["tokens"]["refresh"]

        await owner.ask("PATCH", f"/users/{ali['id']}/", json={"password": "boshqa-so'z-5"})

        assert (await renew(client, refresh)).status_code == 401
        assert (await log_in(client, "ali")).status_code == 401
        assert (await log_in(client, "ali", "boshqa-so'z-5")).status_code == 200

    async def test_may_change_the_case_of_a_name(self, owner: Person) -> None:
        ali = await create(owner)

        answer = await owner.ask("PATCH", f"/users/{ali['id']}/", json={"username": "ALI"})

        assert answer.json()["username"] == "ALI"

    async def test_refuses_a_name_that_is_taken(self, owner: Person) -> None:
        ali = await create(owner)

        for more in ({}, {"is_active": False}, {"password": "boshqa-so'z-5"}):
            body = {"username": "ADMIN", **more}
            answer = await owner.ask("PATCH", f"/users/{ali['id']}/", json=body)

            assert (answer.status_code, answer.json()) == (400, TAKEN)
        assert (await owner.ask("GET", f"/users/{ali['id']}/")).json() == ali

    async def test_refuses_what_makes_no_sense(self, owner: Person) -> None:
        ali = await create(owner)

        for field, value in (
            ("password", None),
            ("password", "qisqa"),
            ("is_active", None),
            ("is_active", "yes"),
            ("role", ""),
            ("username", None),
        ):
            answer = await owner.ask("PATCH", f"/users/{ali['id']}/", json={field: value})

            assert (answer.status_code, list(answer.json())) == (400, [field])

    async def test_looks_for_the_user_before_the_body(self, owner: Person) -> None:
        for method in ("PUT", "PATCH"):
            answer = await owner.ask(method, "/users/999/", content=b"[")

            assert (answer.status_code, answer.json()) == (404, ABSENT)

    async def test_tells_the_other_services_once_per_change(
        self, client: httpx2.AsyncClient, owner: Person
    ) -> None:
        ali = await create(owner)

        for _ in range(2):
            await owner.ask("PATCH", f"/users/{ali['id']}/", json={"full_name": "Ali Karimov"})

        state = (await states_of(client))[ali["id"]]
        assert (state["version"], state["full_name"]) == (2, "Ali Karimov")

    async def test_keeps_the_last_owner(self, owner: Person) -> None:
        for body in ({"role": "student"}, {"is_active": False}):
            answer = await owner.ask("PATCH", f"/users/{owner.id}/", json=body)

            assert (answer.status_code, answer.json()) == (400, LAST_OWNER)

    async def test_does_not_count_owners_who_are_closed(self, owner: Person) -> None:
        other = await create(owner, username="other", role="owner")
        await owner.ask("DELETE", f"/users/{other['id']}/")

        answer = await owner.ask("PATCH", f"/users/{owner.id}/", json={"role": "employee"})

        assert answer.json() == LAST_OWNER

    async def test_takes_the_rights_of_a_demoted_owner_at_once(
        self, owner: Person, person: MakePerson
    ) -> None:
        other = await person("owner", "other")

        await owner.ask("PATCH", f"/users/{other.id}/", json={"role": "employee"})

        assert (await other.ask("DELETE", f"/users/{owner.id}/")).status_code == 403


class TestDeactivateUser:
    async def test_closes_the_account_and_keeps_the_history(
        self, client: httpx2.AsyncClient, owner: Person
    ) -> None:
        ali = await create(owner)

        answers = [await owner.ask("DELETE", f"/users/{ali['id']}/") for _ in range(2)]

        assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
        found = (await owner.ask("GET", f"/users/{ali['id']}/")).json()
        assert found == ali | {"is_active": False}
        assert (await states_of(client))[ali["id"]]["version"] == 2

    async def test_may_be_undone(self, client: httpx2.AsyncClient, owner: Person) -> None:
        ali = await create(owner)
        await owner.ask("DELETE", f"/users/{ali['id']}/")

        await owner.ask("PATCH", f"/users/{ali['id']}/", json={"is_active": True})

        assert (await log_in(client, "ali")).status_code == 200

    async def test_keeps_the_last_owner(self, owner: Person) -> None:
        answer = await owner.ask("DELETE", f"/users/{owner.id}/")

        assert (answer.status_code, answer.json()) == (400, LAST_OWNER)

    async def test_is_for_owners(self, owner: Person, person: MakePerson) -> None:
        teacher = await person("employee")

        assert (await teacher.ask("DELETE", f"/users/{owner.id}/")).status_code == 403
        assert (await teacher.ask("DELETE", "/users/999/")).status_code == 403
