"""Importing users from files."""

import httpx2
import pytest

from services.auth.tests.conftest import PASSWORD, MakePerson, Person, log_in, states_of
from shared.testing.workbooks import workbook

HEADER = "username,password,full_name,role,telegram_id,phone"
ALI = f"ali,{PASSWORD},Ali Valiyev,,70000001,+998901234567"
GULI = f"guli,{PASSWORD},Guli Karimova,employee,,"
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
TWICE = "This username stands in the file twice."


@pytest.fixture
async def owner(person: MakePerson) -> Person:
    return await person("owner", "admin")


async def send(
    owner: Person, *lines: str, query: str = "", name: str = "users.csv"
) -> httpx2.Response:
    return await send_bytes(owner, "\n".join(lines).encode(), query=query, name=name)


async def send_bytes(
    owner: Person, content: bytes, *, query: str = "", name: str = "users.csv"
) -> httpx2.Response:
    files = {"file": (name, content)}
    return await owner.ask("POST", f"/users/import/{query}", files=files)


async def names_of(client: httpx2.AsyncClient) -> set[str]:
    return {state["username"] for state in (await states_of(client)).values()}


class TestImportUsers:
    async def test_creates_everybody_in_the_file(
        self, client: httpx2.AsyncClient, owner: Person
    ) -> None:
        answer = await send(owner, HEADER, ALI, "", GULI)

        assert answer.status_code == 200, answer.text
        body = answer.json()
        ids = [row.pop("id") for row in body["rows"]]
        assert body == {
            "dry_run": False,
            "created": 2,
            "skipped": 0,
            "failed": 0,
            "rows": [
                {"row": 2, "status": "created", "errors": {}},
                {"row": 4, "status": "created", "errors": {}},
            ],
        }
        shown = (await owner.ask("GET", f"/users/{ids[0]}/")).json()
        assert (shown["role"], shown["telegram_id"]) == ("student", 70000001)
        assert (await owner.ask("GET", f"/users/{ids[1]}/")).json()["role"] == "employee"
        assert (await log_in(client, "Ali")).status_code == 200
        assert {"ali", "guli"} <= await names_of(client)

    async def test_takes_a_workbook_of_numbers_and_texts(self, owner: Person) -> None:
        head = ["Full name", "USERNAME", "password", "phone", "telegram_id", "note"]
        row = ["Ali", "ali", PASSWORD, 998901234567, 70000001.0, "unasked"]

        answer = await send_bytes(owner, workbook(head, row), name="users.xlsx")

        made = (await owner.ask("GET", f"/users/{answer.json()['rows'][0]['id']}/")).json()
        assert (made["phone"], made["telegram_id"]) == ("998901234567", 70000001)

    async def test_skips_who_exists_in_any_case_and_leaves_them_as_they_are(
        self, owner: Person, client: httpx2.AsyncClient
    ) -> None:
        first = (await send(owner, HEADER, ALI)).json()

        again = await send(owner, HEADER, f"ALI,{PASSWORD},Boshqa Ism,owner,,", GULI)

        body = again.json()
        assert (body["created"], body["skipped"]) == (1, 1)
        assert body["rows"][0]["id"] == first["rows"][0]["id"]
        states = (await states_of(client)).values()
        assert ("Ali Valiyev", "student") in {(one["full_name"], one["role"]) for one in states}

    async def test_stores_nothing_when_one_row_is_wrong(
        self, owner: Person, client: httpx2.AsyncClient
    ) -> None:
        before = await names_of(client)

        answer = await send(owner, HEADER, ALI, "b b,123,,boss,x,", f"Ali,{PASSWORD},Ali,,,")

        assert answer.status_code == 400
        body = answer.json()
        assert (body["created"], body["failed"]) == (0, 2)
        assert [row["row"] for row in body["rows"]] == [3, 4]
        assert set(body["rows"][0]["errors"]) == {"username", "full_name", "role", "telegram_id"}
        assert body["rows"][1]["errors"] == {"username": [TWICE]}
        assert "boss" not in answer.text
        assert await names_of(client) == before

    async def test_refuses_weak_passwords(self, owner: Person) -> None:
        answer = await send(owner, HEADER, "vali,12345678,Vali,,,")

        assert "password" in answer.json()["rows"][0]["errors"]

    @pytest.mark.parametrize("column", range(6))
    async def test_takes_no_hostile_cell_for_a_fault(self, owner: Person, column: int) -> None:
        row = f"u,{PASSWORD},U,student,1,1".split(",")
        rows = [
            ",".join([*row[:column], cell, *row[column + 1 :]])
            for cell in (
                "\x00",
                "9" * 400,
                "1e999",
                "NaN",
                "\u202e",
                "x" * 2000,
                "-9223372036854775809",
            )
        ]

        answer = await send(owner, HEADER, *rows, query="?dry_run=true")

        assert answer.status_code == 200, answer.text
        assert answer.json()["failed"] >= 1
        assert "x" * 2000 not in answer.text

    async def test_only_tells_what_would_be_in_a_dry_run(
        self, owner: Person, client: httpx2.AsyncClient
    ) -> None:
        answer = await send(owner, HEADER, ALI, "x,1,,,,", query="?dry_run=true")

        assert answer.status_code == 200
        body = answer.json()
        assert (body["dry_run"], body["created"], body["failed"]) == (True, 1, 1)
        assert "ali" not in await names_of(client)

    async def test_takes_five_hundred_rows_and_no_more(self, owner: Person) -> None:
        rows = [f"u{number},{PASSWORD},U {number},,," for number in range(501)]

        assert (await send(owner, HEADER, *rows[:500])).json()["created"] == 500
        answer = await send(owner, HEADER, *rows)

        assert answer.status_code == 400
        assert answer.json() == {"file": ["Ensure this file has no more than 500 rows."]}

    async def test_bounds_what_it_tells_of_wrong_rows(self, owner: Person) -> None:
        answer = await send(owner, HEADER, *["!,1,,x,y," for _ in range(500)])

        assert answer.json()["failed"] == 500
        assert 0 < len(answer.json()["rows"]) < 500
        assert len(answer.content) <= 16 * 1024

    async def test_is_the_owners(self, person: MakePerson) -> None:
        teacher = await person("employee")

        answer = await send(teacher, HEADER, ALI)

        assert (answer.status_code, answer.json()) == (403, FORBIDDEN)

    async def test_needs_the_columns_it_cannot_do_without(self, owner: Person) -> None:
        answer = await send(owner, "username,phone", "ali,1")

        assert answer.json() == {
            "file": ['The column "password" is missing.', 'The column "full_name" is missing.']
        }
