"""Nobody gets where he does not belong, on any route, with or without the last slash."""

import asyncio
import json
import re
from typing import Any

import httpx2
import pytest

from shared.testing.waiting import eventually
from tests.e2e.access import CALLERS, TABLE, Row
from tests.e2e.suite import PREFIX, Suite
from tests.e2e.world import World

PUBLIC = {
    "/login/",
    "/token/refresh/",
    "/telegram/webhook/",
    "/health/",
    "/openapi.json",
    "/asyncapi.json",
}


OWN_DOINGS = {"/login/", "/token/refresh/", "/logout/", "/me/password/", "/exams/enter-code/"}
HIDDEN = [
    row
    for row in TABLE
    if row.expected[1] == 404 and row.of not in {"absent", "absent_answer", "none"}
]
"""What a student must not even know to be there."""


def told(answer: httpx2.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return all that an answer tells, but when and as which it was given."""
    kept = [
        pair for pair in answer.headers.multi_items() if pair[0] not in {"date", "x-request-id"}
    ]
    return answer.status_code, answer.content, kept


async def stored(world: World) -> dict[str, Any]:
    """
    Return what the owner sees: every list, and each object that the table has made.

    Without the counts of participants, which follow the results later by event.
    """
    readable = {row.path for row in TABLE if row.method == "GET" and row.expected[3] == 200}
    lists = {path for path in readable if path.endswith("s/") and "{}" not in path}
    objects = {
        row.url(world.ready[row.of])
        for row in TABLE
        if row.of in world.ready and row.path in readable and "{}" in row.path
    }
    paths = sorted(lists | objects)
    answers = await asyncio.gather(*(world.people["owner"].ask("GET", path) for path in paths))
    return {
        path: json.loads(answer.content, object_hook=without_participants)
        for path, answer in zip(paths, answers, strict=True)
    }


def without_participants(found: dict[str, Any]) -> dict[str, Any]:
    """Return an object without its count of participants."""
    return {name: value for name, value in found.items() if name != "participants_count"}


def has_settled(found: dict[str, Any]) -> bool:
    """
    Say whether no message is on its way any more: what is seen again is the same.

    Wherever it is seen: the reads run beside each other, and one may be older than another.
    """
    seen = [told for path, told in found.items() if path.startswith("/messages/")]
    messages = [one for told in seen for one in (told if isinstance(told, list) else [told])]
    logs = [log for message in messages for log in message.get("logs", [])]
    is_waiting = any(message.get("pending") for message in messages)
    return not is_waiting and not any(log["status"] in {"pending", "sending"} for log in logs)


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

    async def test_lets_no_refused_request_change_anything(self, world: World) -> None:
        refused = [
            (row, caller)
            for row in TABLE
            if row.method != "GET" and row.path not in OWN_DOINGS
            for caller, expected in zip(CALLERS, row.expected, strict=True)
            if expected in {401, 403, 404}
        ]
        requests = []
        for row, caller in refused:
            url = row.url(await world.ids(row.of, row.path.count("{}"), fresh=False))
            requests.append((caller, row.method, url, await world.body(row.body)))
        before = await eventually(lambda: stored(world), until=has_settled, seconds=20)

        for caller, *request in requests:
            assert (await world.people[caller].ask(*request)).is_client_error

        assert len(requests) > 100
        assert await eventually(lambda: stored(world), until=has_settled, seconds=20) == before


class TestAForeignObject:
    @pytest.mark.parametrize("row", HIDDEN, ids=lambda row: row.name)
    async def test_is_answered_like_an_absent_one(self, world: World, row: Row) -> None:
        foreign = await world.ids(row.of, row.path.count("{}"), fresh=False)
        absent = tuple(one + 100_000 for one in foreign)
        body = await world.body(row.body)

        answers = [
            await world.people["student"].ask(row.method, row.url(ids), body)
            for ids in (foreign, absent)
        ]

        assert answers[0].status_code == 404
        assert told(answers[0]) == told(answers[1])


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
