"""The words and examples of the merged document: everywhere, and fit for what they describe."""

import json
from collections.abc import Iterator
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from gateway.documents import SNAPSHOT

DOCUMENT: Final[dict[str, Any]] = json.loads(SNAPSHOT.read_text())
SCHEMAS: Final[dict[str, Any]] = DOCUMENT["components"]["schemas"]
MEDIA: Final[list[tuple[str, dict[str, Any]]]] = [
    (f"{method} {path} {where}", media)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    for where, part in [("body", operation.get("requestBody", {})), *operation["responses"].items()]
    if not path.endswith(".json")
    for kind, media in part.get("content", {}).items()
    if media["schema"].get("format") != "binary"
]


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    return schema


def parts_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """What a schema is built of: alternatives, items, properties."""
    found = [*schema.get("anyOf", ()), *schema.get("properties", {}).values()]
    return [*found, schema["items"]] if "items" in schema else found


def has_example(schema: dict[str, Any]) -> bool:
    schema = resolved(schema)
    return bool(schema.get("examples")) or any(has_example(part) for part in parts_of(schema))


def examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Where an example stands, its schema, and the example."""
    for where, media in MEDIA:
        for name, example in media.get("examples", {}).items():
            yield f"{where} {name}", media["schema"], example["value"]
        if "example" in media:
            yield where, media["schema"], media["example"]
    for name, schema in SCHEMAS.items():
        parts = {name: schema} | {
            f"{name}.{field}": part for field, part in schema.get("properties", {}).items()
        }
        for where, part in parts.items():
            for example in part.get("examples", ()):
                yield where, part, example


def is_valid(schema: dict[str, Any], example: Any) -> bool:
    whole = {**schema, "components": DOCUMENT["components"]}
    return bool(Draft202012Validator(whole, format_checker=FormatChecker()).is_valid(example))


class TestExamples:
    def test_are_valid_against_their_schemas(self) -> None:
        found = list(examples())

        assert [where for where, schema, example in found if not is_valid(schema, example)] == []
        assert len(found) > len(MEDIA)

    def test_are_checked_with_the_components_they_refer_to(self) -> None:
        assert not is_valid({"$ref": "#/components/schemas/ExamDetail"}, {"id": 1})

    def test_stand_at_each_body_and_answer(self) -> None:
        without = [
            where
            for where, media in MEDIA
            if not (media.keys() & {"example", "examples"} or has_example(media["schema"]))
        ]

        assert without == []


OPERATIONS: Final[list[tuple[str, dict[str, Any]]]] = [
    (f"{method} {path}", operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
]


class TestWords:
    def test_stand_at_each_operation_and_parameter(self) -> None:
        wordless = [
            where
            for where, operation in OPERATIONS
            for part in (operation, *operation.get("parameters", ()))
            if not part.get("description") or not (part.get("summary") or part.get("name"))
        ]

        assert len(OPERATIONS) > 60
        assert wordless == []

    def test_come_in_the_order_of_reading(self) -> None:
        names = [tag["name"] for tag in DOCUMENT["tags"]]

        assert names == ["auth", "exams", "results", "messaging", "worklogs", "gateway"]
        assert all(tag["description"] for tag in DOCUMENT["tags"])
