"""The AsyncAPI 3 document of the suite's events, made from their classes."""

from typing import Any, Final

from pydantic.json_schema import models_json_schema

from shared.contracts.base import Event
from shared.contracts.catalog import EVENTS, OUTSIDE_PRODUCERS

ENVELOPE: Final[dict[str, Any]] = {
    "specversion": {"const": "1.0"},
    "id": {"type": "string", "format": "uuid"},
    "source": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "datacontenttype": {"const": "application/json"},
    "traceparent": {
        "type": "string",
        "description": "CloudEvents' tracing extension; present while traces are on.",
    },
}


def asyncapi() -> dict[str, Any]:
    """Return the document: a channel per subject, an operation per producer and consumer."""
    operations = {}
    for event in EVENTS:
        for producer in producers_of(event):
            operations[f"{producer}-sends-{event.__name__}"] = _operation("send", event)
        for consumer in event.consumers:
            operations[f"{consumer}-receives-{event.__name__}"] = _operation("receive", event)
    _, schemas = models_json_schema(
        [(event, "serialization") for event in EVENTS],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "HPA events",
            "version": "1.0.0",
            "description": (
                "Facts that the services tell each other over NATS JetStream, as CloudEvents 1.0 "
                "in JSON. Delivered at least once and in any order: the id of the event and the "
                "version in it tell what was seen already."
            ),
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {event.__name__: _channel(event) for event in EVENTS},
        "operations": operations,
        "components": {
            "messages": {event.__name__: _message(event) for event in EVENTS},
            "schemas": schemas["$defs"],
        },
    }


def producers_of(event: type[Event]) -> list[str]:
    """Return who may publish *event*: its service, then users outside the suite."""
    outside = [user for user, events in OUTSIDE_PRODUCERS.items() if event in events]
    return [event.producer, *outside]


def summary_of(event: type[Event]) -> str:
    """Return the first sentence of the event's docstring."""
    return " ".join((event.__doc__ or "").split("\n\n")[0].split())


def _channel(event: type[Event]) -> dict[str, Any]:
    name = event.__name__
    return {
        "address": event.subject,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
    }


def _operation(action: str, event: type[Event]) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{event.__name__}"}}


def _message(event: type[Event]) -> dict[str, Any]:
    data = {"$ref": f"#/components/schemas/{event.__name__}"}
    return {
        "name": event.subject,
        "title": event.__name__,
        "summary": summary_of(event),
        "contentType": "application/cloudevents+json",
        "payload": {
            "type": "object",
            "properties": {**ENVELOPE, "type": {"const": event.subject}, "data": data},
            "required": ["specversion", "id", "source", "type", "data"],
        },
    }
