"""Nobody gets where he does not belong, on any route, with or without the last slash."""

import re

import httpx2
import pytest

from tests.e2e.access import CALLERS, TABLE, Row, World
from tests.e2e.suite import PREFIX, Suite

PUBLIC = {
    "/login/",
    "/token/refresh/",
    "/telegram/webhook/",
    "/health/",
    "/openapi.json",
    "/asyncapi.json",
}


async def documented(suite: Suite) -> dict[tuple[str, str], dict[str, object]]:
    """Return the operations of the merged document by method and path."""
    document = await suite.nobody.get("/openapi.json")
    return {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path)): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "post", "put", "patch", "delete"}
    }


async def ask(world: World, row: Row, caller: str, *, slash: bool) -> httpx2.Response:
    """Send the row's request as *caller*."""
    expected = row.expected[CALLERS.index(caller)]
    used_up = expected < 300 and row.method != "GET"
    path = row.url(await world.ids(row.of, row.path.count("{}"), fresh=used_up))
    return await world.people[caller].ask(
        row.method, path if slash else path.rstrip("/"), await world.body(row.body)
    )


class TestTheTable:
    async def test_names_every_route_of_the_document(self, suite: Suite) -> None:
        told = {(row.method, PREFIX + row.path) for row in TABLE}

        assert told == {key for key in await documented(suite) if key[1].startswith(PREFIX)}

    async def test_agrees_with_the_document_on_what_is_public(self, suite: Suite) -> None:
        operations = await documented(suite)
        document = await suite.nobody.get("/openapi.json")
        default = document.get("security", [])

        public = {
            path.removeprefix(PREFIX)
            for (_, path), operation in operations.items()
            if path.startswith(PREFIX) and not operation.get("security", default)
        }
        assert public == PUBLIC

    @pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
    async def test_is_what_happens(self, world: World, row: Row) -> None:
        wrong = []
        for slash in (True, False) if row.path.endswith("/") else (True,):
            for caller, expected in zip(CALLERS, row.expected, strict=True):
                answer = await ask(world, row, caller, slash=slash)
                if answer.status_code != expected:
                    wrong.append(f"{caller}: {answer.status_code}, not {expected}: {answer.text}")

        assert not wrong


class TestAStudent:
    async def test_reads_the_own_results_only(self, world: World) -> None:
        await world.ids("foreign_result", 1, fresh=True)
        await world.ids("own_result", 1, fresh=True)
        mine = world.people["student"]

        listed = await mine.get("/exam-results/")
        filtered = await mine.get(f"/exam-results/?student={world.other.id}")

        assert {each["student"] for each in listed} == {mine.id}
        assert filtered == []

    async def test_gets_no_right_from_a_header_or_a_field(self, world: World) -> None:
        mine = world.people["student"]
        forged = {"X-User-Id": "1", "X-User-Role": "owner", "X-Forwarded-User": "admin"}

        answer = await mine.ask("GET", "/messages/", headers=forged)
        exam = await world.exam()
        result = await mine.post(
            f"/exams/{exam['id']}/submit/",
            {"answers": [], "student": world.other.id, "score": 100, "is_checked": True},
        )

        assert answer.status_code == 403
        assert (result["student"], result["score"]) == (mine.id, 0)


class TestAnEmployee:
    async def test_sees_students_only(self, world: World) -> None:
        listed = await world.people["employee"].get("/users/")

        assert {each["role"] for each in listed} == {"student"}
