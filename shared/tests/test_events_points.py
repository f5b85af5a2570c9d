"""Events survive a death at any marked point between the outbox and the inbox (E1)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import utcnow
from shared.contracts.auth import UserChangedV1
from shared.db.engine import Database
from shared.errors import Unavailable
from shared.events import inbox, outbox
from shared.events.bus import Bus
from shared.events.consumers import Consumers
from shared.events.relay import Relay
from shared.events.runtime import EventRuntime
from shared.events.tables import DeadLetter, Inbox
from shared.testing import postgres
from shared.testing.nats import NatsServer
from shared.testing.waiting import eventually
from shared.tests import events_kit as kit

COUNT = 3


class Died(Exception):
    """The process was killed here."""


@pytest.fixture
async def auth(
    dialect: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Database]:
    if dialect == "sqlite":
        database = await kit.new_database(tmp_path, "auth")
    else:
        server = await asyncio.to_thread(request.getfixturevalue, "postgres_url")
        name = f"test_points_{uuid4().hex[:12]}"
        await postgres.execute(f"{server}/postgres", f'CREATE DATABASE "{name}"')
        url = server.replace("postgresql://", "postgresql+asyncpg://", 1)
        database = await kit.filled(f"{url}/{name}")
    yield database
    await database.close()


class FatalBus:
    """A connection whose process dies around the first publish."""

    def __init__(self, bus: Bus, point: str) -> None:
        self._bus = bus
        self._point = point
        self.js = self

    async def publish(self, *arguments: Any, **options: Any) -> Any:
        if self._point == "before the publish":
            raise Died
        ack = await self._bus.js.publish(*arguments, **options)
        if self._point == "before the ack":
            raise Died
        return ack


@asynccontextmanager
async def connected(server: NatsServer) -> AsyncIterator[Bus]:
    bus = Bus(server.url("auth"), "auth")
    bus.start()
    await bus.connected.wait()
    try:
        yield bus
    finally:
        await bus.stop()


class TestARelay:
    @pytest.mark.parametrize(
        "point",
        ["before the publish", "before the ack", "before the stamp", "before the commit"],
    )
    async def test_that_dies_leaves_nothing_undone_and_nothing_twice(
        self,
        nats_server: NatsServer,
        auth: Database,
        exams: Database,
        monkeypatch: pytest.MonkeyPatch,
        point: str,
    ) -> None:
        real = outbox.mark_published

        async def dying(tx: AsyncSession, sequences: dict[int, int]) -> None:
            if point == "before the commit":
                await real(tx, sequences)
            if sequences:
                raise Died

        await kit.write(auth, *(kit.user_changed(n) for n in range(1, COUNT + 1)))
        async with kit.ops(nats_server) as ops, connected(nats_server) as bus:
            if point in ("before the stamp", "before the commit"):
                monkeypatch.setattr(outbox, "mark_published", dying)
            with pytest.raises(Died):
                await Relay(auth, cast("Bus", FatalBus(bus, point)), "AUTH").publish_waiting()
            monkeypatch.undo()
            assert await kit.waiting(auth) == COUNT

            assert await Relay(auth, bus, "AUTH").publish_waiting() == COUNT

            assert await kit.waiting(auth) == 0
            assert (await ops.js.stream_info("AUTH")).state.messages == COUNT
            async with kit.running(kit.consumer(exams, nats_server)):
                await eventually(
                    lambda: kit.replicas(exams), until=lambda got: set(got) == {1, 2, 3}
                )

    @pytest.mark.parametrize("dialect", ["postgresql"])  # SQLite numbers in the order of commits
    async def test_publishes_what_is_committed_after_a_later_number(
        self, nats_server: NatsServer, auth: Database
    ) -> None:
        async with kit.ops(nats_server), connected(nats_server) as bus:
            relay = Relay(auth, bus, "AUTH")
            async with auth.transaction() as slow:
                await outbox.emit(slow, kit.user_changed(1))
                await kit.write(auth, kit.user_changed(2))
                assert await relay.publish_waiting() == 1

            assert await relay.publish_waiting() == 1
            assert await kit.waiting(auth) == 0


class TestAConsumer:
    async def test_gets_again_what_its_database_could_not_take(
        self, nats_server: NatsServer, auth: Database, exams: Database
    ) -> None:
        refused: list[int] = []

        async def handle(tx: AsyncSession, event: UserChangedV1) -> None:
            await kit.handled_twice(tx, event)
            if not refused:
                refused.append(event.user_id)
                raise Unavailable

        consumers = Consumers("exams")
        consumers.add(UserChangedV1, handle)
        runtime = EventRuntime("exams", exams, nats_server.url("exams"), consumers)
        async with (
            kit.ops(nats_server),
            kit.running(kit.producer(auth, nats_server)),
            kit.running(runtime),
        ):
            await kit.write(auth, kit.user_changed(1))

            await eventually(lambda: kit.replicas(exams), until=lambda got: got == {1: 1})
        assert refused == [1]

    async def test_applies_what_comes_twice_once(self, exams: Database) -> None:
        consumers = Consumers("exams")
        consumers.add(UserChangedV1, kit.handled_twice)  # it would break the key the second time
        registration = consumers.registrations[UserChangedV1.subject]
        message = kit.user_changed(1).envelope(uuid4(), utcnow())
        one, again, later = (inbox.parse(registration, message) for _ in range(3))

        await inbox.handle(exams, registration, [one, again], None)
        await inbox.handle(exams, registration, [later], None)

        assert await kit.replicas(exams) == {1: 1}

    async def test_whose_effect_fails_has_noted_nothing(self, exams: Database) -> None:
        consumers = Consumers("exams")
        consumers.add(UserChangedV1, kit.handled_twice)
        registration = consumers.registrations[UserChangedV1.subject]
        poison = inbox.parse(registration, kit.user_changed(666).envelope(uuid4(), utcnow()))

        for _ in range(2):  # as new the second time as the first
            with pytest.raises(ValueError, match="poison"):
                await inbox.handle(exams, registration, [poison], None)

        async with exams.reading() as view:
            assert await view.scalar(select(func.count()).select_from(Inbox)) == 0
            assert await view.scalar(select(func.count()).select_from(DeadLetter)) == 0
