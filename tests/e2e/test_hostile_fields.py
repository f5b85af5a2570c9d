"""Each field of each body in turn holds what no client should send: refused, never a fault."""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.e2e.access import CALLERS, TABLE, Row
from tests.e2e.suite import PREFIX
from tests.e2e.world import World

TAKING = list(
    {
        (row.body, row.method == "PATCH"): row
        for row in TABLE
        if row.body != "nothing" and not row.body.endswith("_file") and min(row.expected) < 300
    }.values()
)
HOSTILE = [
    b"null",
    b"true",
    b"-1",
    b"1.5",
    b"1e999",
    b"NaN",
    b"9223372036854775808",
    b"9" * 5000,
    b'""',
    b'"\\u0000"',
    b'"\\ud800"',
    b'"' + b"x" * 40_000 + b'"',
    b"[]",
    b"[null, {}, [[]]]",
    b"{}",
    b"[" * 2000 + b"]" * 2000,
    b'"ECHO-31415926"',
]
ECHO = b"ECHO-31415926"
MARK = "put the hostile value here"
JSON = {"Content-Type": "application/json"}


def places(body: Any) -> Iterator[list[Any]]:
    """Return the way to each part of *body*; of a list to its first item alone."""
    if isinstance(body, dict):
        parts = list(body.items())
    else:
        parts = list(enumerate(body[:1])) if isinstance(body, list) else []
    for step, part in parts:
        yield [step]
        for rest in places(part):
            yield [step, *rest]


def with_hostile(body: Any, way: list[Any], value: bytes) -> bytes:
    """Return *body* as JSON, with *value* where *way* leads."""
    changed = json.loads(json.dumps(body))
    inner = changed
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = MARK
    return json.dumps(changed).encode().replace(f'"{MARK}"'.encode(), value)


def fault(answer: httpx2.Response, documented: set[str]) -> str | None:
    """Say what is wrong with an answer; None when it is documented, in JSON, short and no echo."""
    is_json = answer.headers.get("Content-Type") == "application/json" or not answer.content
    is_harmless = answer.is_success or (
        len(answer.content) <= 16_384 and ECHO not in answer.content
    )
    if str(answer.status_code) in documented and is_json and is_harmless:
        return None
    return f"{answer.status_code} {answer.headers.get('Content-Type')} {answer.text[:100]}"


async def documented_statuses(world: World, row: Row) -> set[str]:
    document = await world.suite.nobody.get("/openapi.json")
    paths = {re.sub(r"\{\w+\}", "{}", path): item for path, item in document["paths"].items()}
    return set(paths[PREFIX + row.path][row.method.lower()]["responses"]) - {"503"}


@pytest.mark.parametrize("row", TAKING, ids=lambda row: row.name)
async def test_a_hostile_value_in_any_field_is_no_fault(world: World, row: Row) -> None:
    documented = await documented_statuses(world, row)
    caller = world.people[CALLERS[next(n for n, code in enumerate(row.expected) if code < 300)]]
    path = row.url(await world.ids(row.of, row.path.count("{}"), fresh=True))
    body = await world.body(row.body)

    async def told(way: list[Any], value: bytes) -> str | None:
        content = with_hostile(body, way, value)
        answer = await caller.ask(row.method, path, content=content, headers=JSON)
        wrong = fault(answer, documented)
        return f"{way} {value[:20]!r}: {wrong}" if wrong else None

    found: list[str | None] = []
    for way in places(body):
        found += await asyncio.gather(*(told(way, value) for value in HOSTILE))

    assert [one for one in found if one] == []


def test_a_fault_is_told_from_a_refusal() -> None:
    refused = httpx2.Response(400, json={"title": ["This field is required."]})
    plain = httpx2.Response(400, text="Bad Request")
    long = httpx2.Response(400, json=["x" * 20_000])

    assert fault(refused, {"200", "400"}) is None
    assert fault(httpx2.Response(500, json={}), {"200", "400"}) is not None
    assert fault(plain, {"200", "400"}) is not None
    assert fault(long, {"200", "400"}) is not None
    assert fault(httpx2.Response(400, json=[ECHO.decode()]), {"200", "400"}) is not None
    assert list(places({"a": [{"b": 1}, {"b": 2}]})) == [["a"], ["a", 0], ["a", 0, "b"]]
    assert with_hostile({"a": [1]}, ["a", 0], b"NaN") == b'{"a": [NaN]}'
