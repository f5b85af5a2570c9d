"""Events: what the broker loses or is robbed of comes back by itself."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import func, select

from shared.db.engine import Database
from shared.events import relay
from shared.events.bus import Bus
from shared.events.tables import Outbox
from shared.events.topology import keep_declared
from shared.testing.nats import NatsServer
from shared.testing.waiting import eventually
from shared.tests import events_kit as kit

CONVERGED_SECONDS = 60
DURABLE = "exams--hpa-user-changed-v1"


@asynccontextmanager
async def declared(server: NatsServer) -> AsyncIterator[None]:
    """Look after streams and durables, as the suite does."""
    declaring = asyncio.create_task(keep_declared(server.url("ops")))
    try:
        yield
    finally:
        declaring.cancel()
        with suppress(asyncio.CancelledError):
            await declaring


async def published(database: Database) -> int:
    async with database.reading() as view:
        statement = select(func.count()).where(Outbox.published_at.is_not(None))
        return int(await view.scalar(statement) or 0)


async def write_and_publish(auth: Database, first: int, last: int) -> None:
    await kit.write(auth, *map(kit.user_changed, range(first, last + 1)))
    await eventually(lambda: published(auth), until=lambda count: count >= last, seconds=30)


async def know_all(exams: Database, count: int) -> None:
    await eventually(
        lambda: kit.replicas(exams),
        until=lambda got: len(got) == count,
        seconds=CONVERGED_SECONDS,
    )


class TestAnOlderCopyOfTheStore:
    @pytest.mark.parametrize("is_looked_at", [True, False])
    async def test_is_filled_up_again_even_when_it_has_outgrown_the_lost_one(
        self,
        nats_server: NatsServer,
        auth: Database,
        exams: Database,
        monkeypatch: pytest.MonkeyPatch,
        *,
        is_looked_at: bool,
    ) -> None:
        if not is_looked_at:  # the numbers of the acks have to tell it
            monkeypatch.setattr(relay, "STREAM_CHECK_SECONDS", float("inf"))
        copy = nats_server.folder / "copy"
        async with declared(nats_server), kit.running(kit.producer(auth, nats_server)):
            await write_and_publish(auth, 1, 5)
            nats_server.kill()
            shutil.copytree(nats_server.store, copy)
            nats_server.start()
            await write_and_publish(auth, 6, 10)
            nats_server.kill()
            shutil.rmtree(nats_server.store)
            shutil.copytree(copy, nats_server.store)
            nats_server.start()
            await kit.write(auth, *map(kit.user_changed, range(11, 31)))

            async with kit.running(kit.consumer(exams, nats_server)):
                await know_all(exams, 30)


Harm = Callable[[Bus], Awaitable[object]]


async def delete_stream(bus: Bus) -> None:
    await bus.js.delete_stream("AUTH")


async def delete_durable(bus: Bus) -> None:
    await bus.js.delete_consumer("AUTH", DURABLE)


async def purge_stream(bus: Bus) -> None:
    await bus.js.purge_stream("AUTH")


class TestHarmWhileRunning:
    @pytest.mark.parametrize("harm", [delete_stream, delete_durable, purge_stream])
    async def test_is_mended_and_no_event_is_missed(
        self, nats_server: NatsServer, auth: Database, exams: Database, harm: Harm
    ) -> None:
        async with (
            declared(nats_server),
            kit.running(kit.producer(auth, nats_server)),
            kit.running(kit.consumer(exams, nats_server)),
        ):
            await write_and_publish(auth, 1, 3)
            await know_all(exams, 3)
            async with kit.ops(nats_server) as bus:
                await harm(bus)
            await kit.write(auth, *map(kit.user_changed, range(4, 7)))

            await know_all(exams, 6)

        assert set((await kit.replicas(exams)).values()) == {1}
