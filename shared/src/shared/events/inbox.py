"""Handling: the inbox row and the effect are one commit; what cannot be handled is parked."""

import hashlib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from pydantic import ValidationError
from sqlalchemy import delete, select

from shared.clock import utcnow
from shared.contracts.base import Envelope
from shared.db.brief import Writing
from shared.db.bulk import insert_absent
from shared.db.engine import Database
from shared.events import traces
from shared.events.consumers import UNPREPARED, Received, Registration
from shared.events.tables import DeadLetter, Inbox

log = structlog.get_logger()

KEEP: Final = timedelta(days=40)
"""Longer than a stream and an outbox keep an event, so that a replay is recognised."""

KEY_LENGTH: Final = 200

_IS_ASKED: Final = DeadLetter.replay_requested_at.is_not(None) & DeadLetter.replayed_at.is_(None)
_ANY_ASKED: Final = select(DeadLetter.id).where(_IS_ASKED).limit(1)


class Malformed(Exception):
    """The message is no such event and never will be."""


@dataclass(frozen=True)
class Delivery:
    """One message as it came: its place in the stream and its bytes."""

    seq: int
    payload: bytes
    tries: int = 1


def parse(
    registration: Registration, payload: bytes, arrived_at: datetime | None = None
) -> Received:
    """Read a message. Raises `Malformed` without echoing its content."""
    try:
        envelope = Envelope.parse(payload)
        event = registration.event.model_validate(envelope.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"{where}: {first['msg']}"
        raise Malformed(message[:300]) from None
    except (RecursionError, ValueError) as error:
        raise Malformed(type(error).__name__) from None
    time = envelope.time or arrived_at
    return Received(
        key=_key(envelope),
        event=event,
        source=envelope.source,
        event_id=envelope.id,
        time=time.replace(tzinfo=UTC) if time and time.tzinfo is None else time,
        arrived_at=arrived_at,
        traceparent=envelope.traceparent if isinstance(envelope.traceparent, str) else "",
    )


def _key(envelope: Envelope) -> str:
    """Return what CloudEvents calls unique: source and id; hashed when it is too long to keep."""
    key = f"{envelope.source}/{envelope.id}"
    return key if len(key) <= KEY_LENGTH else hashlib.sha256(key.encode()).hexdigest()


async def prepare(
    registration: Registration,
    received: list[Received],
    runtime: Any,  # noqa: ANN401
) -> list[Received]:
    """Run the registration's `prepare` for those that it has not seen yet."""
    if registration.prepare is None:
        return received
    new = [one.event for one in received if one.prepared is UNPREPARED]
    found = await registration.prepare(runtime, new) if new else None
    return [replace(one, prepared=found) if one.prepared is UNPREPARED else one for one in received]


async def handle(
    database: Database,
    registration: Registration,
    received: list[Received],
    runtime: Any,  # noqa: ANN401
) -> None:
    """Apply events not seen before, all in one transaction. Raises what a handler raises."""
    received = await prepare(registration, received, runtime)
    in_crowds = registration.takes == "events"
    opened: AbstractAsyncContextManager[Any] = (
        database.brief() if in_crowds else database.transaction()
    )
    async with opened as tx:
        new = await _new_ones(tx, registration.durable, received)
        if in_crowds and new:
            with traces.handling_all(registration.durable, new):
                await registration.handler(tx, [one.event for one in new])
            return
        for one in new:
            with traces.handling(registration.durable, one):
                given = one if registration.takes == "received" else one.event
                await registration.handler(tx, given)


async def _new_ones(tx: Writing, consumer: str, received: list[Received]) -> list[Received]:
    """Note *received* as handled; return those that were not noted before, each once."""
    now = utcnow()
    first = {one.key: one for one in reversed(received)}
    rows = [{"consumer": consumer, "event_id": key, "handled_at": now} for key in sorted(first)]
    pair = ("consumer", "event_id")
    noted = await insert_absent(tx, Inbox, rows, key=pair, returning=("event_id",))
    return [one for one in received if one.key in noted and one is first[one.key]]


async def park(
    database: Database, registration: Registration, delivery: Delivery, error: Exception
) -> None:
    """Put a message aside, where people can list and replay it."""
    text = f"{type(error).__name__}: {error}".replace("\x00", "")[:500]
    letter = DeadLetter(
        consumer=registration.durable,
        subject=registration.event.subject,
        stream_seq=delivery.seq,
        payload=delivery.payload,
        error=text,
        tries=delivery.tries,
        parked_at=utcnow(),
    )
    async with database.transaction() as tx:
        tx.add(letter)
    log.error("parked", consumer=registration.durable, seq=delivery.seq, error=text)


async def replay_requested(
    database: Database,
    registrations: list[Registration],
    runtime: Any,  # noqa: ANN401
) -> int:
    """Handle again the parked messages that somebody asked for; return how many succeeded."""
    if await database.glance.scalar(_ANY_ASKED) is None:
        return 0
    async with database.reading() as view:
        letters = list(await view.scalars(select(DeadLetter).where(_IS_ASKED).limit(100)))
    known = {registration.durable: registration for registration in registrations}
    done = 0
    for letter in letters:
        registration = known.get(letter.consumer)
        if registration is None:
            continue
        error = ""
        try:
            received = parse(registration, letter.payload, letter.parked_at)
            await handle(database, registration, [received], runtime)
        except Exception as fault:  # noqa: BLE001 - it stays parked, with the new reason
            error = f"{type(fault).__name__}: {fault}".replace("\x00", "")[:500]
        async with database.transaction() as tx:
            found = await tx.get(DeadLetter, letter.id, with_for_update=True)
            if found is None:
                continue
            found.tries += 1
            found.replay_requested_at = None
            if error:
                found.error = error
            else:
                found.replayed_at = utcnow()
                done += 1
    return done


async def purge(database: Database, now: datetime) -> None:
    """Forget what was handled long ago."""
    async with database.transaction() as tx:
        await tx.execute(delete(Inbox).where(Inbox.handled_at < now - KEEP))
