"""The examples of the merged document, sent as they stand; only ids and names are made real."""

import json
from typing import Any, Final

import pytest

from tests.e2e.access import CALLERS, TABLE, Row
from tests.e2e.suite import PREFIX
from tests.e2e.world import World
from tests.house import tree

DOCUMENT: Final = json.loads((tree.ROOT / "gateway/src/gateway/openapi.json").read_text())
SCHEMAS: Final = DOCUMENT["components"]["schemas"]
REAL: Final = {
    "answers", "code", "date", "exam", "name", "old_password", "password", "recipient_ids",
    "refresh", "student", "subject", "username",
}  # fmt: skip
"""Fields that name something which must exist, or must not exist yet."""


def body_schemas() -> dict[tuple[str, str], dict[str, Any]]:
    """Return the schema of each JSON body, by method and path as the table writes it."""
    found = {}
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                pieces = [
                    part.partition("}")[2] if "}" in part else part for part in path.split("{")
                ]
                key = method.upper(), "{}".join(pieces).removeprefix(PREFIX)
                found[key] = content["application/json"]["schema"]
    return found


def example_of(schema: dict[str, Any]) -> Any:
    """Return the example of a schema, or one put together from those of its fields."""
    if "$ref" in schema:
        return example_of(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0])
    if schema.get("examples"):
        return schema["examples"][0]
    fields = schema.get("properties", {}).items()
    return {name: part["examples"][0] for name, part in fields if part.get("examples")}


BODIES: Final = body_schemas()
ROWS: Final = [
    row
    for place, row in enumerate(TABLE)
    if (row.method, row.path) in BODIES
    and any(code < 300 for code in row.expected)
    and (row.method, row.path) not in [(one.method, one.path) for one in TABLE[:place]]
]


class TestExamples:
    def test_are_sent_for_every_body_that_may_succeed(self) -> None:
        unsent = BODIES.keys() - {(row.method, row.path) for row in ROWS}

        # A password cannot be changed to itself, and the webhook is Telegram's.
        assert unsent == {("POST", "/me/password/"), ("POST", "/telegram/webhook/")}

    @pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path}")
    async def test_are_taken(self, world: World, row: Row) -> None:
        caller = max(range(len(CALLERS)), key=lambda each: row.expected[each] < 300)
        path = row.url(await world.ids(row.of, row.path.count("{}"), fresh=True))
        real = await world.body(row.body) or {}
        example = example_of(BODIES[row.method, row.path])
        assert example or not real
        if row.method == "PATCH":  # what is left out stays as it is
            example = {name: value for name, value in example.items() if name not in REAL}
        body = example | {name: real[name] for name in real if name in REAL}

        answer = await world.people[CALLERS[caller]].ask(row.method, path, body)

        assert answer.status_code == row.expected[caller], f"{body} → {answer.text}"
