"""Events: rights."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import pytest
from nats.aio.client import Client

from shared.contracts.catalog import OUTSIDE_PRODUCERS
from shared.events.topology import SERVICES, consumers, permissions
from shared.testing.nats import NatsServer
from shared.testing.waiting import eventually
from shared.tests import events_kit as kit

USERS = (*SERVICES, *OUTSIDE_PRODUCERS)
COMMANDS = (
    "STREAM.CREATE.{}", "STREAM.UPDATE.{}", "STREAM.DELETE.{}", "STREAM.PURGE.{}",
    "STREAM.MSG.GET.{}", "STREAM.MSG.DELETE.{}", "DIRECT.GET.{}", "STREAM.SNAPSHOT.{}",
    "STREAM.RESTORE.{}", "CONSUMER.CREATE.{}", "CONSUMER.CREATE.{}.stolen",
    "CONSUMER.DURABLE.CREATE.{}.stolen", "CONSUMER.LIST.{}", "CONSUMER.NAMES.{}",
)  # fmt: skip


def forbidden_to(user: str) -> list[str]:
    """Return every subject that somebody else may publish to, and what nobody but ops may."""
    own = permissions(user)["publish"]
    others = {subject for other in USERS for subject in permissions(other)["publish"]}
    of_broker = {
        f"$JS.API.{command.format(name.upper())}" for command in COMMANDS for name in SERVICES
    }
    elsewhere = {"$JS.API.INFO", "$JS.API.STREAM.LIST", "$SYS.REQ.SERVER.PING", "_INBOX_ops.x"}
    elsewhere |= {f"_INBOX_{other}.x" for other in USERS}
    tried = (others - set(own)) | of_broker | elsewhere
    return sorted(subject.replace(">", "1.1.1.1.1") for subject in tried)


@asynccontextmanager
async def refusals_of(server: NatsServer, user: str) -> AsyncIterator[tuple[Client, list[str]]]:
    """Connect as *user*, and collect what the server refuses."""
    refused: list[str] = []

    async def collect(error: Exception) -> None:
        refused.append(str(error).lower())

    client = await nats.connect(server.url(user), error_cb=collect)
    try:
        yield client, refused
    finally:
        await client.close()


class TestPermissions:
    def test_give_no_service_another_services_subjects(self) -> None:
        for service in SERVICES:
            for subject in permissions(service)["publish"]:
                assert ">" not in subject or subject.startswith("$JS.ACK.")
                if subject.startswith("hpa."):
                    others = [one for one in SERVICES if one != service]
                    assert all(subject not in permissions(one)["publish"] for one in others)

    async def test_refuse_strangers(self, nats_server: NatsServer) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", nats_server.port)
        await reader.readline()  # INFO
        writer.write(b'CONNECT {"verbose":false}\r\nPING\r\n')

        answer = await reader.readline()

        writer.close()
        await writer.wait_closed()
        assert b"Authorization Violation" in answer

    async def test_let_the_journal_publish_recordings_and_nothing_else(
        self, nats_server: NatsServer
    ) -> None:
        refused: list[str] = []

        async def collect(error: Exception) -> None:
            refused.append(str(error))

        async with kit.ops(nats_server):
            journal = await nats.connect(nats_server.url("journal"), error_cb=collect)
            js = journal.jetstream(timeout=1)
            ack = await js.publish("hpa.score.recorded.v1", b"{}")
            assert ack.stream == "WORKLOGS"

            await journal.publish("hpa.user.changed.v1", b"{}")
            await journal.subscribe("hpa.>")
            await journal.subscribe("_INBOX_auth.>")
            await journal.flush()
            async with asyncio.timeout(5):
                while len(refused) < 3:  # noqa: ASYNC110 - the server's word comes by callback
                    await asyncio.sleep(0.01)
            await journal.close()

        assert all("permissions violation" in text.lower() for text in refused)


class TestForbidden:
    """Each user tries what others may, on the real server."""

    def test_is_tried_in_full(self) -> None:
        forbidden = {subject for user in USERS for subject in forbidden_to(user)}

        assert len(forbidden) > 100
        assert all(set(permissions(user)["publish"]) & forbidden for user in USERS)

    @pytest.mark.parametrize("user", USERS)
    async def test_is_to_publish_or_to_command_what_is_not_ones_own(
        self, nats_server: NatsServer, user: str
    ) -> None:
        subjects = forbidden_to(user)

        async with refusals_of(nats_server, user) as (client, refused):
            for subject in subjects:
                await client.publish(subject, b"{}")
            await client.flush()
            await eventually(lambda: asyncio.sleep(0, len(refused)), until=len(subjects).__eq__)

        for subject, told in zip(subjects, refused, strict=True):
            assert f'permissions violation for publish to "{subject.lower()}"' in told

    @pytest.mark.parametrize("user", USERS)
    async def test_is_to_listen_to_anything_but_the_own_inbox(
        self, nats_server: NatsServer, user: str
    ) -> None:
        inboxes = [f"_INBOX_{other}.>" for other in [*USERS, "ops"] if other != user]
        subjects = [">", "hpa.>", "hpa.user.changed.v1", "$JS.>", "$SYS.>", "*.>", *inboxes]

        async with refusals_of(nats_server, user) as (client, refused):
            for subject in subjects:
                await client.subscribe(subject)
            await client.flush()
            await eventually(lambda: asyncio.sleep(0, len(refused)), until=len(subjects).__eq__)

        assert all("permissions violation for subscription" in told for told in refused)


class TestConsumers:
    def test_have_names_that_say_whose_and_what(self) -> None:
        names = [config.durable_name for _, config in consumers()]

        assert "results--hpa-exam-changed-v1" in names
        assert len(names) == len(set(names))
