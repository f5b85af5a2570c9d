"""`hpa events`: the events that could not be handled, listed and handed in again."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import ColumnElement, select, update

from hpa.errors import Refused
from hpa.known import Known
from hpa.options import SERVICES
from shared.clock import utcnow
from shared.db.engine import Database
from shared.events.tables import DeadLetter

REPLAY_SECONDS: Final = 15.0
POLL_SECONDS: Final = 0.3
COLUMNS: Final = (
    DeadLetter.id,
    DeadLetter.consumer,
    DeadLetter.subject,
    DeadLetter.stream_seq,
    DeadLetter.error,
    DeadLetter.tries,
    DeadLetter.parked_at,
    DeadLetter.replay_requested_at,
)


def show_failed(known: Known, service: str | None, *, as_json: bool) -> int:
    """Print the parked events; the exit code is 1 when there are any."""
    letters = asyncio.run(_failed(known, service))
    if as_json:
        print(json.dumps(letters, indent=2, default=str))
    elif not letters:
        print("No event is parked.")
    for letter in () if as_json else letters:
        print(
            f"{letter['service']} #{letter['id']}  {letter['subject']}  tries {letter['tries']}"
            f"  since {letter['parked_at']:%Y-%m-%d %H:%M:%S}\n    {letter['error']}"
        )
    return 1 if letters else 0


def replay(known: Known, service: str | None, letter_id: int | None) -> int:
    """
    Have parked events handled again by their service, as if they came just now.

    Return 0 when all of them went through. Raises `Refused` when the suite does not run.
    """
    if letter_id is not None and service is None:
        message = "--id needs --service: each service numbers its own parked events"
        raise Refused(message)
    if not known.is_running:
        message = "the suite is stopped: events are handled by its services, so start it first"
        raise Refused(message)
    return asyncio.run(_replay(known, service, letter_id))


async def _failed(known: Known, service: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in _services(service):
        async with _database(known, name) as database, database.reading() as view:
            statement = select(*COLUMNS).where(_parked()).order_by(DeadLetter.id)
            rows = (await view.execute(statement)).mappings()
            found.extend({"service": name, **row} for row in rows)
    return found


async def _replay(known: Known, service: str | None, letter_id: int | None) -> int:
    asked = 0
    for name in _services(service):
        async with _database(known, name) as database, database.transaction() as tx:
            marked = update(DeadLetter).where(_parked(letter_id))
            result = await tx.execute(
                marked.values(replay_requested_at=utcnow()).returning(DeadLetter.id)
            )
            asked += len(result.all())
    if not asked:
        print("No such event is parked." if letter_id else "No event is parked.")
        return 1 if letter_id else 0
    left = await _wait(known, service, letter_id)
    print(f"{asked - len(left)} of {asked} events were handled.")
    for letter in left:
        print(f"{letter['service']} #{letter['id']}  {letter['error']}")
    return 1 if left else 0


async def _wait(known: Known, service: str | None, letter_id: int | None) -> list[dict[str, Any]]:
    """Wait until the services have tried, and return what is still parked."""
    end = time.monotonic() + REPLAY_SECONDS
    while True:
        letters = await _failed(known, service)
        mine = [letter for letter in letters if letter_id in {None, letter["id"]}]
        if all(letter["replay_requested_at"] is None for letter in mine) or time.monotonic() > end:
            return mine
        await asyncio.sleep(POLL_SECONDS)


def _parked(letter_id: int | None = None) -> ColumnElement[bool]:
    parked = DeadLetter.replayed_at.is_(None)
    return parked if letter_id is None else parked & (DeadLetter.id == letter_id)


def _services(service: str | None) -> Sequence[str]:
    return SERVICES if service is None else (service,)


@asynccontextmanager
async def _database(known: Known, service: str) -> AsyncIterator[Database]:
    database = Database(known.secrets.database_urls[service])
    try:
        yield database
    finally:
        await database.close()
