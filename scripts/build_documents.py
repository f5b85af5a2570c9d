"""
Writes what is generated from the code: the merged OpenAPI document and the documents of events.

`--check` writes nothing and fails when a file is not what it should be.
"""

import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from openapi_spec_validator import validate

from gateway.merge import merge
from gateway.own import OWN
from shared.contracts.asyncapi import asyncapi, producers_of, summary_of
from shared.contracts.base import Event
from shared.contracts.catalog import EVENTS

ROOT: Final = Path(__file__).resolve().parent.parent
SERVICES: Final = sorted(path.name for path in (ROOT / "services").iterdir() if path.is_dir())


def main() -> int:
    """Write or check all files; return the exit code."""
    stale = {path: text for path, text in documents() if not _holds(path, text)}
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: make openapi", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text)
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


def documents() -> Iterator[tuple[Path, str]]:
    """Yield each generated file with what it should contain."""
    package = ROOT / "gateway/src/gateway"
    yield package / "openapi.json", _json(openapi())
    yield package / "asyncapi.json", _json(asyncapi())
    yield ROOT / "docs/events.md", events_page()


def openapi() -> dict[str, Any]:
    """Merge the documents of all services. Raises `Collision` and what the validator raises."""
    with tempfile.TemporaryDirectory() as folder:
        found = {service: _document_of(service, Path(folder)) for service in SERVICES}
    merged = merge({**found, "gateway": OWN})
    validate(merged)
    return merged


def _document_of(service: str, folder: Path) -> dict[str, Any]:
    settings = importlib.import_module(f"{service}.settings").Settings(
        database_url=f"sqlite+aiosqlite:///{folder}/{service}.db",
        service_secret="only for this document, nobody listens",  # noqa: S106 - a dummy
        **({"keys_dir": folder / "keys"} if service == "auth" else {}),
    )
    app = importlib.import_module(f"{service}.main").create_app(settings)
    document: dict[str, Any] = app.openapi()
    return document


def events_page() -> str:
    """Return the page about events for people."""
    lines = [
        "# Events",
        "",
        "Generated from `shared/contracts` by `make events`; do not edit. CloudEvents 1.0 in JSON",
        "over NATS JetStream, delivered at least once; as AsyncAPI 3 at `/api/v1/asyncapi.json`.",
        "",
        "| Subject | Class | Sent by | Received by |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{event.subject}` | [{event.__name__}](#{event.__name__.lower()}) "
        f"| {', '.join(producers_of(event))} | {', '.join(event.consumers)} |"
        for event in EVENTS
    ]
    for event in EVENTS:
        lines += ["", f"## {event.__name__}", "", summary_of(event), "", *_fields(event)]
    return "\n".join(lines) + "\n"


def _fields(event: type[Event]) -> list[str]:
    schema = event.model_json_schema(mode="serialization")
    required = schema.get("required", [])
    rows = [
        f"| `{name}` | {_type_of(part)} | {'yes' if name in required else 'no'} |"
        for name, part in schema["properties"].items()
    ]
    return ["| Field | Type | Required |", "|---|---|---|", *rows]


def _type_of(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type_of(one) for one in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    kind = str(schema.get("type", "object"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
