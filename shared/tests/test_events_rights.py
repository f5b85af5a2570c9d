"""Events: rights."""

import asyncio

import nats

from shared.events.topology import SERVICES, consumers, permissions
from shared.testing.nats import NatsServer
from shared.tests import events_kit as kit


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


class TestConsumers:
    def test_have_names_that_say_whose_and_what(self) -> None:
        names = [config.durable_name for _, config in consumers()]

        assert "results--hpa-exam-changed-v1" in names
        assert len(names) == len(set(names))
