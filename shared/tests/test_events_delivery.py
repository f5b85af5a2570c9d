"""Events: delivery."""

import asyncio
import random
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from shared.clock import utcnow
from shared.contracts.auth import UserChangedV1
from shared.db.engine import Database
from shared.events import outbox
from shared.events.consumers import Consumers
from shared.events.runtime import EventRuntime
from shared.events.tables import DeadLetter, Outbox, RelayState
from shared.events.topology import keep_declared
from shared.testing.nats import NatsServer
from shared.testing.waiting import eventually
from shared.tests import events_kit as kit


async def parked(database: Database) -> list[DeadLetter]:
    async with database.reading() as view:
        return list(await view.scalars(select(DeadLetter)))


async def replayed(database: Database) -> bool:
    return all(letter.replayed_at for letter in await parked(database))


class TestDelivery:
    async def test_brings_every_event_to_its_consumer(
        self, nats_server: NatsServer, auth: Database, exams: Database
    ) -> None:
        async with (
            kit.ops(nats_server),
            kit.running(kit.producer(auth, nats_server)),
            kit.running(kit.consumer(exams, nats_server)),
        ):
            await asyncio.gather(*(kit.write(auth, kit.user_changed(n)) for n in range(1, 41)))

            found = await eventually(lambda: kit.replicas(exams), until=lambda got: len(got) == 40)
            # The relay stamps after the ack: a consumer may have been faster.
            await eventually(lambda: kit.waiting(auth), until=lambda count: count == 0)

        assert set(found.values()) == {1}

    async def test_waits_for_a_broker_that_is_away(
        self, nats_server: NatsServer, auth: Database, exams: Database
    ) -> None:
        async with (
            kit.ops(nats_server),
            kit.running(kit.producer(auth, nats_server)),
            kit.running(kit.consumer(exams, nats_server)),
        ):
            nats_server.kill()
            for n in range(1, 51):
                await kit.write(auth, kit.user_changed(n))
            nats_server.start()

            await eventually(lambda: kit.replicas(exams), until=lambda got: len(got) == 50)

    async def test_fills_a_lost_store_again_by_itself(
        self, nats_server: NatsServer, auth: Database, exams: Database
    ) -> None:
        declaring = asyncio.create_task(keep_declared(nats_server.url("ops")))
        async with (
            kit.running(kit.producer(auth, nats_server)),
            kit.running(kit.consumer(exams, nats_server)),
        ):
            await kit.write(auth, kit.user_changed(1))
            await eventually(lambda: kit.replicas(exams), until=lambda got: got == {1: 1})

            nats_server.wipe()
            await kit.write(auth, kit.user_changed(2))

            await eventually(
                lambda: kit.replicas(exams), until=lambda got: got == {1: 1, 2: 1}, seconds=30
            )
            # A consumer that starts from nothing gets everything out of the new store.
            async with kit.ops(nats_server) as bus:

                async def stored() -> int:
                    return int((await bus.js.stream_info("AUTH")).state.messages)

                assert await eventually(stored, until=lambda count: count == 2, seconds=30)
        declaring.cancel()
        await asyncio.wait([declaring])


class TestRelay:
    async def test_publishes_again_after_dying_between_the_ack_and_the_stamp(
        self, nats_server: NatsServer, auth: Database, exams: Database
    ) -> None:
        async with kit.ops(nats_server), kit.running(kit.consumer(exams, nats_server)):
            async with kit.running(kit.producer(auth, nats_server)):
                await kit.write(auth, kit.user_changed(1))
                await eventually(lambda: kit.waiting(auth), until=lambda count: count == 0)
            async with auth.transaction() as tx:  # as if the stamp had never been written
                await tx.execute(update(Outbox).values(published_at=None, stream_seq=None))

            async with kit.running(kit.producer(auth, nats_server)):
                await eventually(lambda: kit.waiting(auth), until=lambda count: count == 0)

            await eventually(lambda: kit.replicas(exams), until=lambda got: got == {1: 1})
            assert await parked(exams) == []

    async def test_keeps_the_newest_state_of_each_entity_for_ever(self, auth: Database) -> None:
        await kit.write(auth, kit.user_changed(1, 1), kit.user_changed(1, 2), kit.user_changed(2))
        long_ago = utcnow() - outbox.KEEP * 2
        async with auth.transaction() as tx:
            await tx.execute(update(Outbox).values(published_at=long_ago))

            await outbox.purge(tx, utcnow())

            kept = list(await tx.scalars(select(Outbox.id).order_by(Outbox.id)))
        assert kept == [2, 3]

    async def test_notices_a_stream_that_is_shorter_than_it_was(
        self, nats_server: NatsServer, auth: Database
    ) -> None:
        async with kit.ops(nats_server) as bus:
            async with kit.running(kit.producer(auth, nats_server)):
                await kit.write(auth, kit.user_changed(1), kit.user_changed(2))
                await eventually(lambda: kit.waiting(auth), until=lambda count: count == 0)
            async with auth.transaction() as tx:
                await tx.execute(update(RelayState).values(last_seq=1000))

            async with kit.running(kit.producer(auth, nats_server)):

                async def last() -> int:
                    async with auth.reading() as view:
                        return int(await view.scalar(select(RelayState.last_seq)) or 0)

                # The stream drops what it has by its id; the rows are published all the same.
                await eventually(last, until=lambda seq: seq == 2)
            assert (await bus.js.stream_info("AUTH")).state.messages == 2


class TestInbox:
    async def test_equals_a_clean_run_after_duplicates_and_shuffles(
        self, nats_server: NatsServer, auth: Database, exams: Database
    ) -> None:
        events = [kit.user_changed(user, version) for user in range(1, 6) for version in (1, 2, 3)]
        envelopes = [(event, uuid4()) for event in events]
        shuffled = [one for one in envelopes for _ in range(3)]
        random.Random(7).shuffle(shuffled)  # noqa: S311 - a fixed order, not a secret
        async with kit.ops(nats_server), kit.running(kit.producer(auth, nats_server)) as sender:
            assert sender.bus is not None
            await sender.bus.connected.wait()
            for event, event_id in shuffled:
                await sender.bus.js.publish(event.subject, event.envelope(event_id, utcnow()))

            async with kit.running(kit.consumer(exams, nats_server)):
                await eventually(
                    lambda: kit.replicas(exams),
                    until=lambda got: got == dict.fromkeys(range(1, 6), 3),
                )

    async def test_parks_poison_after_five_tries_and_goes_on(
        self, nats_server: NatsServer, auth: Database, exams: Database
    ) -> None:
        consumers = Consumers("exams")
        consumers.add(UserChangedV1, kit.handled_twice)
        runtime = EventRuntime("exams", exams, nats_server.url("exams"), consumers)
        async with (
            kit.ops(nats_server),
            kit.running(kit.producer(auth, nats_server)),
            kit.running(runtime),
        ):
            await kit.write(auth, *(kit.user_changed(n) for n in (1, 666, 2)))

            letters = await eventually(lambda: parked(exams), seconds=20)
            found = await eventually(lambda: kit.replicas(exams), until=lambda got: len(got) == 2)

        assert found == {1: 1, 2: 1}
        assert [letter.tries for letter in letters] == [5]
        assert "poison" in letters[0].error

    @pytest.mark.parametrize(
        "payload", [b"", b"{", b"[]", b'{"specversion": "1.0"}', b"\xff\x00", b"[" * 50_000]
    )
    async def test_parks_what_is_malformed_at_once_and_goes_on(
        self, nats_server: NatsServer, auth: Database, exams: Database, payload: bytes
    ) -> None:
        async with kit.ops(nats_server), kit.running(kit.producer(auth, nats_server)) as sender:
            assert sender.bus is not None
            await sender.bus.connected.wait()
            await sender.bus.js.publish(UserChangedV1.subject, payload)
            await kit.write(auth, kit.user_changed(1))

            async with kit.running(kit.consumer(exams, nats_server)):
                await eventually(lambda: kit.replicas(exams), until=lambda got: got == {1: 1})
                letters = await eventually(lambda: parked(exams))

        assert [letter.payload for letter in letters] == [payload]

    async def test_handles_a_parked_message_again_on_request(
        self, nats_server: NatsServer, exams: Database
    ) -> None:
        event = kit.user_changed(9)
        letter = kit.dead_letter(
            consumer="exams--hpa-user-changed-v1",
            subject=event.subject,
            payload=event.envelope(uuid4(), utcnow()),
            error="ValueError: mended since",
            replay_requested_at=utcnow(),
        )
        async with exams.transaction() as tx:
            tx.add(letter)

        async with kit.running(kit.consumer(exams, nats_server)):
            # The letter is stamped in a transaction of its own, after that of the handler.
            await eventually(lambda: replayed(exams))

        assert await kit.replicas(exams) == {9: 1}


class TestTelling:
    async def test_wakes_the_relay_for_new_events_and_for_nothing_else(
        self, auth: Database
    ) -> None:
        woken: list[bool] = []
        auth.after_commit.append(lambda: woken.append(True))

        async with auth.transaction() as tx:
            await tx.execute(update(Outbox).values(published_at=None))
        assert woken == []
        await kit.write(auth, kit.user_changed(1))

        assert woken == [True]
