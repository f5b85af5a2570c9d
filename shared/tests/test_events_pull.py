"""Pulling: what counts as a delivery, and what happens to a request that nobody answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.js.errors import APIError

from shared.contracts.auth import UserChangedV1
from shared.contracts.catalog import durable_name
from shared.events.bus import Bus
from shared.events.pull import WAIT_SECONDS, Pull
from shared.events.topology import ACK_SECONDS
from shared.testing.nats import NatsServer
from shared.tests import events_kit as kit

SUBJECT = UserChangedV1.subject
DURABLE = durable_name("exams", SUBJECT)


@asynccontextmanager
async def connected(nats_server: NatsServer, user: str) -> AsyncIterator[Bus]:
    bus = Bus(nats_server.url(user), user)
    bus.start()
    await bus.connected.wait()
    yield bus
    await bus.stop()


@pytest.fixture
async def exams_bus(nats_server: NatsServer) -> AsyncIterator[Bus]:
    async with connected(nats_server, "exams") as bus:
        yield bus


@pytest.fixture
async def auth_bus(nats_server: NatsServer) -> AsyncIterator[Bus]:
    async with connected(nats_server, "auth") as bus:
        yield bus


async def opened(bus: Bus) -> Pull:
    return await Pull.open(bus, DURABLE, "AUTH")


async def test_what_waits_comes_in_one_batch(
    nats_server: NatsServer, auth_bus: Bus, exams_bus: Bus
) -> None:
    async with kit.ops(nats_server):
        for number in range(3):
            await auth_bus.js.publish(SUBJECT, str(number).encode())

        found = await (await opened(exams_bus)).next()

        assert [one.data for one in found] == [b"0", b"1", b"2"]


async def test_what_comes_later_is_not_held_up_by_the_wait_for_more(
    nats_server: NatsServer, auth_bus: Bus, exams_bus: Bus
) -> None:
    async with kit.ops(nats_server):
        pull = await opened(exams_bus)
        async with asyncio.timeout(WAIT_SECONDS / 2), asyncio.TaskGroup() as group:
            coming = group.create_task(pull.next())
            await auth_bus.js.publish(SUBJECT, b"later")

        assert [one.data for one in coming.result()] == [b"later"]


async def test_a_header_that_looks_like_jetstreams_word_is_a_message_all_the_same(
    nats_server: NatsServer, auth_bus: Bus, exams_bus: Bus
) -> None:
    async with kit.ops(nats_server):
        await auth_bus.js.publish(SUBJECT, b"", headers={"Status": "409"})

        found = await (await opened(exams_bus)).next()

        assert len(found) == 1


async def test_a_restarted_server_is_asked_again_at_once(
    nats_server: NatsServer, auth_bus: Bus, exams_bus: Bus
) -> None:
    async with kit.ops(nats_server):
        pull = await opened(exams_bus)
        waiting = asyncio.create_task(pull.next())
        await asyncio.sleep(0)
        await exams_bus.client.flush()  # it has been asked
        nats_server.kill()
        nats_server.start()

        async with asyncio.timeout(WAIT_SECONDS / 2):
            assert await waiting == []


async def test_a_durable_that_is_not_there_is_no_silence(
    nats_server: NatsServer, exams_bus: Bus
) -> None:
    async with kit.ops(nats_server) as ops:
        pull = await opened(exams_bus)
        await ops.js.delete_consumer("AUTH", DURABLE)

        with pytest.raises(APIError):
            await pull.next()


async def test_what_a_dead_process_was_given_comes_to_another_soon(
    nats_server: NatsServer, auth_bus: Bus, exams_bus: Bus
) -> None:
    async with kit.ops(nats_server):
        await auth_bus.js.publish(SUBJECT, b"given twice")
        async with connected(nats_server, "exams") as dying:
            assert await (await opened(dying)).next()  # and no word of it ever after
        pull = await opened(exams_bus)

        async with asyncio.timeout(2 * ACK_SECONDS):
            found = await pull.next()

        assert [one.data for one in found] == [b"given twice"]
