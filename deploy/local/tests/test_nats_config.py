"""The broker, for real: its file is valid and private, and each user may do his part alone."""

import asyncio
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client

from hpa.credentials import Secrets
from hpa.nats_config import nats_url, write_nats_config
from hpa.paths import DataDir
from hpa.ports import Ports
from hpa.processes import BIN
from shared.events.topology import declare
from shared.testing import processes
from shared.testing.waiting import eventually

ATTENDANCE = "hpa.attendance.recorded.v1"


class Broker:
    """A nats-server with the suite's own configuration."""

    def __init__(self, data: DataDir) -> None:
        self.secrets = Secrets.load(data)
        self.ports = Ports()
        self.port = self.ports.pick()
        write_nats_config(data, self.port, self.secrets.nats)
        self.process = processes.start(
            [BIN / "nats-server", "-c", data.nats_config], log=data.log("nats")
        )
        processes.wait_until(lambda: processes.listens(self.port), seconds=10, what="NATS")

    async def connect(self, user: str, password: str | None = None) -> tuple[Client, list[str]]:
        """Connect and return the client with the refusals it hears of."""
        refusals: list[str] = []

        async def hear(error: Exception) -> None:
            refusals.append(str(error))

        client = await nats.connect(
            nats_url(self.port, user, password or self.secrets.nats[user]),
            inbox_prefix=f"_INBOX_{user}",
            error_cb=hear,
            allow_reconnect=False,
            max_reconnect_attempts=1,
        )
        return client, refusals


@pytest.fixture
async def broker(data: DataDir) -> AsyncIterator[Broker]:
    """Start the broker with streams and consumers declared by ops."""
    broker = Broker(data)
    try:
        client, _ = await broker.connect("ops")
        await declare(client.jetstream())
        await client.close()
        yield broker
    finally:
        broker.process.kill()
        broker.process.wait(10)
        broker.ports.close()


async def heard(refusals: list[str]) -> bool:
    """Say whether the server refused something."""
    return any("permissions violation" in refusal.lower() for refusal in refusals)


class TestTheFile:
    def test_is_valid_for_the_real_server(self, data: DataDir) -> None:
        write_nats_config(data, 4222, Secrets.load(data).nats)

        check = subprocess.run(
            [BIN / "nats-server", "-t", "-c", data.nats_config], check=False, capture_output=True
        )

        assert check.returncode == 0, check.stderr

    def test_is_for_the_owner_alone(self, data: DataDir) -> None:
        write_nats_config(data, 4222, Secrets.load(data).nats)

        assert stat.S_IMODE(data.nats_config.stat().st_mode) == 0o600

    def test_opens_no_monitor(self, data: DataDir) -> None:
        write_nats_config(data, 4222, Secrets.load(data).nats)

        assert "http" not in data.nats_config.read_text()


class TestUsers:
    @pytest.mark.parametrize(
        "credentials", ["{}", '{"user": "auth", "pass": "wrong"}', '{"user": "ops", "pass": ""}']
    )
    async def test_get_in_with_their_password_only(self, broker: Broker, credentials: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        await reader.readline()

        writer.write(f"CONNECT {credentials}\r\nPING\r\n".encode())
        answer = await reader.readline()
        writer.close()

        assert answer == b"-ERR 'Authorization Violation'\r\n"

    async def test_publish_what_is_theirs(self, broker: Broker) -> None:
        client, refusals = await broker.connect("journal")

        ack = await client.jetstream().publish(ATTENDANCE, b"{}", timeout=2)
        await client.close()

        assert ack.stream == "WORKLOGS"
        assert not refusals

    @pytest.mark.parametrize(
        ("user", "subject"),
        [
            ("journal", "hpa.user.changed.v1"),
            ("journal", "$JS.API.STREAM.DELETE.WORKLOGS"),
            ("journal", "$JS.API.CONSUMER.MSG.NEXT.AUTH.results--hpa-user-changed-v1"),
            ("results", "hpa.exam.changed.v1"),
            ("results", "$JS.API.CONSUMER.MSG.NEXT.AUTH.exams--hpa-user-changed-v1"),
            ("results", "$JS.API.STREAM.CREATE.OWN"),
            ("auth", "_INBOX_results.x"),
            ("ops", "hpa.user.changed.v1"),
        ],
    )
    async def test_publish_nothing_else(self, broker: Broker, user: str, subject: str) -> None:
        client, refusals = await broker.connect(user)

        await client.publish(subject, b"{}")
        await client.flush()

        assert await eventually(lambda: heard(refusals))
        await client.close()

    @pytest.mark.parametrize(
        ("user", "subject"),
        [("journal", "hpa.>"), ("journal", "_INBOX_results.>"), ("exams", "_INBOX_results.>")],
    )
    async def test_listen_to_nobody_else(self, broker: Broker, user: str, subject: str) -> None:
        client, refusals = await broker.connect(user)

        await client.subscribe(subject)
        await client.flush()

        assert await eventually(lambda: heard(refusals))
        await client.close()


def test_the_store_is_where_people_look_for_it(data: DataDir) -> None:
    write_nats_config(data, 4222, Secrets.load(data).nats)

    assert Path(data.root / "nats") == data.nats_store
