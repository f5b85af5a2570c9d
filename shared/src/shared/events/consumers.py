"""Consumers: which handler an event has, and its delivery exactly once in effect."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.base import Event
from shared.contracts.catalog import durable_name
from shared.db.brief import Writing

E = TypeVar("E", bound=Event)
Handler = Callable[[Any, Any], Awaitable[None]]
Prepare = Callable[[Any, list[Any]], Awaitable[Any]]
"""
`prepare(runtime, events)` runs once, before the transaction: the place for calls to other services.
What it returns reaches the handlers of `on_received` as `received.prepared`.
"""
Takes = Literal["event", "received", "events"]
UNPREPARED: Final = object()


class Unacceptable(Exception):
    """A handler's word that the event can never be handled: it is parked at once."""


class NotYet(Exception):
    """A handler's word that the event must come again later; such a try is not counted."""


@dataclass(frozen=True)
class Received:
    """A message that was understood: the event and what its envelope says of it."""

    key: str
    event: Event
    source: str = ""
    event_id: str = ""
    time: datetime | None = None
    """When it happened, by its producer's clock; when the stream got it, where that is silent."""
    arrived_at: datetime | None = None
    prepared: Any = UNPREPARED
    traceparent: str = ""
    """The trace it belongs to, as its sender told it; empty where nobody traced it."""


ReceivedHandler = Callable[[AsyncSession, Received], Awaitable[None]]


@dataclass(frozen=True)
class Registration:
    """One event and what a service does about it."""

    event: type[Event]
    handler: Handler
    durable: str
    prepare: Prepare | None = None
    takes: Takes = "event"
    """What the handler wants: an event, its `Received`, or all events of a delivery in one list."""

    @property
    def stream(self) -> str:
        """The stream that holds the event: its producer in capitals."""
        return self.event.producer.upper()


class Consumers:
    """The handlers of one service."""

    def __init__(self, service: str) -> None:
        """Start empty."""
        self.service: Final = service
        self.registrations: dict[str, Registration] = {}

    def on(
        self, event: type[E], *, prepare: Prepare | None = None
    ) -> Callable[
        [Callable[[AsyncSession, E], Awaitable[None]]],
        Callable[[AsyncSession, E], Awaitable[None]],
    ]:
        """Register the decorated `handler(tx, event)`; it must bear duplicates and any order."""

        def register(
            handler: Callable[[AsyncSession, E], Awaitable[None]],
        ) -> Callable[[AsyncSession, E], Awaitable[None]]:
            self.add(event, handler, prepare=prepare)
            return handler

        return register

    def on_received(
        self, event: type[Event], *, prepare: Prepare | None = None
    ) -> Callable[[ReceivedHandler], ReceivedHandler]:
        """Register the decorated `handler(tx, received)`, which wants to know the envelope too."""

        def register(handler: ReceivedHandler) -> ReceivedHandler:
            self.add(event, handler, prepare=prepare, takes="received")
            return handler

        return register

    def on_all(
        self, event: type[E]
    ) -> Callable[
        [Callable[[Writing, list[E]], Awaitable[None]]],
        Callable[[Writing, list[E]], Awaitable[None]],
    ]:
        """
        Register the decorated `handler(tx, events)` of what was delivered together.

        For events that come in crowds: a statement for all of them costs little more than for one.
        On PostgreSQL *tx* is a brief: what it executes is written once, at import.
        """

        def register(
            handler: Callable[[Writing, list[E]], Awaitable[None]],
        ) -> Callable[[Writing, list[E]], Awaitable[None]]:
            self.add(event, handler, takes="events")
            return handler

        return register

    def add(
        self,
        event: type[Event],
        handler: Handler,
        *,
        prepare: Prepare | None = None,
        takes: Takes = "event",
    ) -> None:
        """Register *handler* for *event*."""
        durable = durable_name(self.service, event.subject)
        self.registrations[event.subject] = Registration(event, handler, durable, prepare, takes)
