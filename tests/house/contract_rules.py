"""Checks of event classes: their names, and that their schemas only grow."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from shared.contracts.base import Event

FROZEN = Path(__file__).parent / "schemas"
SUBJECT = re.compile(r"hpa\.(?P<noun>[a-z]+)\.(?P<participle>[a-z]+ed)\.v(?P<major>[1-9]\d*)")
PROSE = frozenset({"title", "description", "examples"})

Schema = Mapping[str, Any]


def misnamed(event: type[Event]) -> list[str]:
    """Refuse an event whose class, subject, producer and module do not say the same."""
    match = SUBJECT.fullmatch(event.subject)
    if match is None:
        return [f"{event.__name__}: the subject {event.subject} is not hpa.noun.participle.vN"]
    expected = f"{match['noun'].title()}{match['participle'].title()}V{match['major']}"
    module = event.__module__.rpartition(".")[2]
    findings = []
    if event.__name__ != expected:
        findings.append(f"{event.__name__}: its subject asks for the name {expected}")
    if event.producer != module:
        findings.append(f"{event.__name__}: of {event.producer}, but declared in {module}")
    return findings


def undocumented(event: type[Event]) -> list[str]:
    """Refuse an event that does not say when it is emitted."""
    text = (event.__doc__ or "").strip()
    return [] if text and text != (Event.__doc__ or "").strip() else [event.__name__]


def disagreements(declared: Iterable[str], real: Iterable[str], what: str) -> list[str]:
    """Compare what is declared with what the code does."""
    ahead, behind = set(declared) - set(real), set(real) - set(declared)
    return [f"{what}: {name} is declared, and does nothing" for name in sorted(ahead)] + [
        f"{what}: {name} takes part, and is not declared" for name in sorted(behind)
    ]


def schema_of(event: type[Event]) -> dict[str, Any]:
    """Return what is frozen of an event."""
    return {
        "subject": event.subject,
        "producer": event.producer,
        "schema": event.model_json_schema(mode="serialization"),
    }


def narrowed(frozen: Schema, current: Schema) -> list[str]:
    """Refuse any change of a published schema but a new optional field."""
    old, new = frozen["schema"], current["schema"]
    findings = [
        f"{name} was {frozen[name]}, is {current[name]}"
        for name in ("subject", "producer")
        if frozen[name] != current[name]
    ]
    if set(old.get("required", ())) != set(new.get("required", ())):
        findings.append("the required fields differ")
    for field, shape in old["properties"].items():
        if field not in new["properties"]:
            findings.append(f"{field} is gone")
        elif _shape(shape) != _shape(new["properties"][field]):
            findings.append(f"{field} changed its type")
    return findings


def frozen_schema(event: type[Event]) -> Schema | None:
    """Read the published schema, None when the event is new."""
    path = FROZEN / f"{event.subject}.json"
    return json.loads(path.read_text()) if path.exists() else None


def _shape(value: object) -> object:
    """Leave out the words around a type: they may be improved."""
    if isinstance(value, dict):
        return {key: _shape(part) for key, part in value.items() if key not in PROSE}
    return [_shape(part) for part in value] if isinstance(value, list) else value
