"""The trace of a request goes on through the outbox, NATS and the consumers."""

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson
import structlog

from shared.events.consumers import Received
from shared.telemetry import tracing
from shared.telemetry.tracing import TRACEPARENT

log = structlog.get_logger()

_nothing: Final[AbstractContextManager[None]] = contextlib.nullcontext()


def publishing(
    subject: str, payload: bytes, headers: dict[str, str]
) -> AbstractContextManager[None]:
    """Publish in the block; the message's *headers* carry the trace on, if the event has one."""
    return _publishing(subject, payload, headers) if tracing.is_on() else _nothing


@contextlib.contextmanager
def _publishing(subject: str, payload: bytes, headers: dict[str, str]) -> Iterator[None]:
    envelope = orjson.loads(payload)
    trace = envelope.get(TRACEPARENT, "")
    if not trace:
        yield
        return
    written_at = datetime.fromisoformat(envelope["time"]).timestamp()
    # One span for the time in the outbox, in it one for the way to the stream.
    with (
        tracing.span(f"outbox {subject}", parent=trace, began_at=written_at),
        tracing.span(f"publish {subject}", "producer") as span,
    ):
        span.set({"messaging.system": "nats", "messaging.destination.name": subject})
        headers[TRACEPARENT] = tracing.traceparent()
        yield


def heard(headers: Mapping[str, Any] | None, received: Received) -> Received:
    """Return *received* as part of the trace that its message's *headers* tell, if they do."""
    if not tracing.is_on() or not headers:
        return received
    return replace(received, traceparent=str(headers.get(TRACEPARENT, received.traceparent)))


def handling(consumer: str, received: Received) -> AbstractContextManager[None]:
    """Handle one event in the block."""
    if not received.traceparent or not tracing.is_on():
        return _nothing
    return _handling(consumer, received, None)


@contextlib.contextmanager
def handling_all(consumer: str, received: Sequence[Received]) -> Iterator[None]:
    """Handle events in the block, all at once; of several none is the present one."""
    if len(received) == 1:
        with handling(consumer, received[0]):
            yield
        return
    began_at = time.time()
    yield
    for one in received:
        if one.traceparent and tracing.is_on():
            with _handling(consumer, one, began_at):
                pass


@contextlib.contextmanager
def _handling(consumer: str, received: Received, began_at: float | None) -> Iterator[None]:
    name = f"handle {consumer}"
    with tracing.span(name, "consumer", parent=received.traceparent, began_at=began_at) as span:
        span.set({"messaging.system": "nats", "messaging.consumer.group.name": consumer})
        yield
        log.info("event handled", consumer=consumer, event_id=received.event_id)
