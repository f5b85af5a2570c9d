"""Consumers: which handler an event has, and its delivery exactly once in effect."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.base import Event

E = TypeVar("E", bound=Event)
Handler = Callable[[AsyncSession, Any], Awaitable[None]]
Prepare = Callable[[Any, list[Any]], Awaitable[None]]
"""`prepare(runtime, events)` runs before the transaction: the place for calls to other services."""


def durable_name(consumer: str, subject: str) -> str:
    """Return the name of the JetStream consumer, e.g. `results--hpa-user-changed-v1`."""
    return f"{consumer}--{subject.replace('.', '-')}"


@dataclass(frozen=True)
class Registration:
    """One event and what a service does about it."""

    event: type[Event]
    handler: Handler
    durable: str
    prepare: Prepare | None = None

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

    def add(self, event: type[Event], handler: Handler, *, prepare: Prepare | None = None) -> None:
        """Register *handler* for *event*."""
        durable = durable_name(self.service, event.subject)
        self.registrations[event.subject] = Registration(event, handler, durable, prepare)
