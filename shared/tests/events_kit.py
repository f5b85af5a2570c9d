"""A producer and a consumer of events on databases of their own, over a real NATS."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import utcnow
from shared.contracts.auth import UserChangedV1
from shared.db.engine import Database
from shared.events.bus import Bus
from shared.events.consumers import Consumers
from shared.events.outbox import emit
from shared.events.runtime import EventRuntime
from shared.events.tables import DeadLetter, EventsBase, Outbox
from shared.events.topology import declare
from shared.testing.nats import NatsServer
from shared.users import UserReplica, users_consumer
from shared.users.tables import UsersBase


async def new_database(folder: Path, name: str) -> Database:
    """Return a database that holds the shared tables."""
    return await filled(f"sqlite+aiosqlite:///{folder / name}.sqlite3")


async def filled(url: str) -> Database:
    """Return the empty database at *url* with the shared tables."""
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(EventsBase.metadata.create_all)
        await connection.run_sync(UsersBase.metadata.create_all)
    return database


def user_changed(user_id: int, version: int = 1) -> UserChangedV1:
    """Return the state of a user whose name tells his version."""
    now = utcnow()
    return UserChangedV1(
        user_id=user_id,
        version=version,
        username=f"user{user_id}",
        role="student",
        full_name=f"User {user_id} v{version}",
        telegram_id=None,
        is_active=True,
        created_at=now,
        changed_at=now,
    )


async def write(database: Database, *events: UserChangedV1) -> None:
    """Emit *events* in one transaction."""
    async with database.transaction() as tx:
        await emit(tx, *events)


def unpublished(created_at: datetime) -> Outbox:
    """Return an event that waits in the outbox since *created_at*."""
    return Outbox(
        event_id=uuid4(),
        subject="hpa.thing.changed.v1",
        entity="",
        payload=b"{}",
        created_at=created_at,
    )


def dead_letter(**columns: Any) -> DeadLetter:
    """Return an event that was put aside just now."""
    usual = {"consumer": "things--x", "subject": "x", "stream_seq": 1, "payload": b""}
    return DeadLetter(**(usual | {"error": "", "tries": 5, "parked_at": utcnow()} | columns))


async def waiting(database: Database) -> int:
    """Return how many events are not published yet."""
    async with database.reading() as view:
        statement = select(func.count()).where(Outbox.published_at.is_(None))
        return int(await view.scalar(statement) or 0)


async def replicas(database: Database) -> dict[int, int]:
    """Return {user id: version} of the replica."""
    async with database.reading() as view:
        rows = await view.execute(select(UserReplica.id, UserReplica.version))
        return {row.id: row.version for row in rows}


@asynccontextmanager
async def running(runtime: EventRuntime) -> AsyncIterator[EventRuntime]:
    """Run a service's event machinery for a while."""
    runtime.start(None)
    try:
        yield runtime
    finally:
        await runtime.stop()


def producer(database: Database, server: NatsServer) -> EventRuntime:
    """Return auth's side: it publishes what its outbox holds."""
    return EventRuntime("auth", database, server.url("auth"), None)


def consumer(database: Database, server: NatsServer) -> EventRuntime:
    """Return one of the services that keep users."""
    consumers = Consumers("exams")
    users_consumer(consumers)
    return EventRuntime("exams", database, server.url("exams"), consumers)


@asynccontextmanager
async def ops(server: NatsServer) -> AsyncIterator[Bus]:
    """Connect as the user that declares streams and durables, and declare them."""
    bus = Bus(server.url("ops"), "ops")
    bus.start()
    await bus.connected.wait()
    await declare(bus.js)
    try:
        yield bus
    finally:
        await bus.stop()


async def handled_twice(tx: AsyncSession, event: UserChangedV1) -> None:
    """Fail on every event of user 666."""
    if event.user_id == 666:
        message = "poison"
        raise ValueError(message)
    tx.add(
        UserReplica(
            id=event.user_id,
            version=event.version,
            username=event.username,
            role=event.role,
            full_name=event.full_name,
            telegram_id=None,
            is_active=True,
            created_at=event.created_at,
            changed_at=event.changed_at,
        )
    )
