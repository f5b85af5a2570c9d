"""The AsyncAPI document, made from the classes of the events."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from gateway.documents import EVENTS as FILE
from shared.contracts.asyncapi import asyncapi
from shared.contracts.base import Event
from shared.contracts.catalog import EVENTS

DOCUMENT = asyncapi()


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolve(reference: str) -> Any:
    node: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


class TestAsyncApi:
    def test_refers_only_to_what_is_there(self) -> None:
        assert all(resolve(reference) for reference in set(references(DOCUMENT)))

    @pytest.mark.parametrize("event", EVENTS)
    def test_tells_who_sends_and_who_receives(self, event: type[Event]) -> None:
        operations = DOCUMENT["operations"]
        own = {name for name in operations if name.endswith(f"-{event.__name__}")}

        assert f"{event.producer}-sends-{event.__name__}" in own
        assert {f"{one}-receives-{event.__name__}" for one in event.consumers} <= own

    def test_names_the_journal_as_a_sender(self) -> None:
        senders = {name for name in DOCUMENT["operations"] if name.startswith("journal-")}

        assert senders == {
            "journal-sends-AttendanceRecordedV1",
            "journal-sends-ScoreRecordedV1",
        }

    def test_describes_the_message_of_the_specification(self) -> None:
        message = {
            "specversion": "1.0",
            "id": "6f1c4ab2-1d4e-4f6c-9a3e-6a6f0d6b1c11",
            "source": "journal",
            "type": "hpa.score.recorded.v1",
            "data": {"id": 5, "employee": 3, "student": 10, "date": "2026-02-20"},
        }
        schema = resolve("#/components/messages/ScoreRecordedV1")["payload"]

        jsonschema.validate(message, {**schema, "components": DOCUMENT["components"]})
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(
                message | {"type": "other"}, {**schema, "components": DOCUMENT["components"]}
            )

    def test_is_what_the_gateway_serves(self) -> None:
        assert json.loads(FILE.read_text()) == DOCUMENT
