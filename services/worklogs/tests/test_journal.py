"""An outside class journal over a real NATS: what it may do, and what becomes of its mistakes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import nats
import pytest
from fastapi import FastAPI
from nats.aio.client import Client

from services.worklogs.tests.conftest import (
    COLLEAGUE,
    PEOPLE,
    STUDENT,
    TEACHER,
    TODAY,
    Caller,
    StandIn,
    tell,
    told,
)
from services.worklogs.tests.test_consumers import message
from shared.events import topology
from shared.testing.nats import NatsServer
from shared.testing.plugin import MakeClient
from shared.testing.tokens import TokenFactory
from shared.testing.waiting import eventually
from worklogs.main import create_app
from worklogs.settings import Settings

ATTENDANCE, SCORE = "hpa.attendance.recorded.v1", "hpa.score.recorded.v1"


async def connect(server: NatsServer, user: str) -> Client:
    async def quietly(_: Exception) -> None:
        """Refusals are what the tests look for."""

    return await nats.connect(
        server.url(user), inbox_prefix=f"_INBOX_{user}".encode(), error_cb=quietly
    )


@pytest.fixture
async def journal(nats_server: NatsServer) -> AsyncIterator[Client]:
    """Declare the streams, then connect as the journal."""
    ops = await connect(nats_server, "ops")
    await topology.declare(ops.jetstream())
    await ops.close()
    connection = await connect(nats_server, "journal")
    yield connection
    await connection.close()


@pytest.fixture
async def app(
    settings_kwargs: dict[str, Any], nats_server: NatsServer, journal: Client, auth: StandIn
) -> FastAPI:
    settings = Settings(**settings_kwargs, nats_url=nats_server.url("worklogs"))
    app = create_app(settings)
    app.state.hpa.users.client = auth
    return app


@pytest.fixture
async def reader(app: FastAPI, make_client: MakeClient, tokens: TokenFactory) -> Caller:
    client = await make_client(app)
    people = [told(one, role, full_name=name) for one, (role, name) in PEOPLE.items()]
    await tell(app.state.hpa.database, *people)
    await asyncio.wait_for(app.state.hpa.events.bus.connected.wait(), 10)
    return Caller(client, tokens.headers(1, "owner"))


async def worked(reader: Caller, employee: int = TEACHER, *, seconds: float = 10) -> None:
    """Wait until the employee's log of today is true."""
    await eventually(
        lambda: reader.get(f"/work-logs/?employee={employee}&date={TODAY}&status=true"),
        seconds=seconds,
    )


async def parked(app: FastAPI) -> list[str]:
    async with app.state.hpa.database.reading() as view:
        rows = await view.connection()
        found = await rows.exec_driver_sql("SELECT error FROM dead_letters ORDER BY id")
        return [row.error for row in found]


class TestTheJournal:
    async def test_makes_a_day_of_work_that_the_dashboard_counts(
        self, reader: Caller, journal: Client
    ) -> None:
        for kind, subject in (("attendance", ATTENDANCE), ("score", SCORE)):
            await journal.jetstream().publish(subject, message(kind))
        await worked(reader)

        dashboard = await reader.get("/dashboard/")
        assert dashboard["attendance"] == {"employees_present_today": 1, "total_employees": 2}

    async def test_may_make_mistakes_while_the_rest_goes_on(
        self, app: FastAPI, reader: Caller, journal: Client, auth: StandIn
    ) -> None:
        good = message("attendance", number=7)
        bad = [
            b"\xff\x00",
            b"[]",
            message("attendance", data={"id": 1, "employee": "?", "student": 1, "date": TODAY}),
            message("attendance", number=2**63),
            message("attendance", date="2026-02-30"),
            message("attendance", specversion="0.3"),
            message("attendance", employee=STUDENT),
            message("attendance", employee=999),
            message("attendance", date="2099-01-01"),
        ]
        for payload in (*bad[:5], good, good, *bad[5:]):
            await journal.publish(ATTENDANCE, payload)
        await journal.publish(SCORE, message("score", number=7))
        await worked(reader)

        errors = await eventually(lambda: parked(app), until=lambda found: len(found) == len(bad))
        assert sorted(error.split(":")[0] for error in errors) == [
            *["Malformed"] * 6,
            *["Unacceptable"] * 3,
        ]
        assert auth.asked == [[999]]

    async def test_waits_for_auth_with_strangers_and_with_nobody_else(
        self, app: FastAPI, reader: Caller, journal: Client, auth: StandIn
    ) -> None:
        auth.is_away = True
        auth.users = {77: told(77, "employee")}
        for kind, subject in (("attendance", ATTENDANCE), ("score", SCORE)):
            await journal.publish(subject, message(kind, employee=77, number=1))
            await journal.publish(subject, message(kind, number=2))
        await worked(reader)
        assert await reader.get("/work-logs/?employee=77") == []

        auth.is_away = False
        await worked(reader, 77)
        assert await parked(app) == []

    @pytest.mark.parametrize(
        "subject", ["hpa.user.changed.v1", "hpa.attendance.recorded.v2", "$JS.API.STREAM.LIST"]
    )
    async def test_may_publish_nothing_else(self, journal: Client, subject: str) -> None:
        with pytest.raises(nats.errors.Error):
            await journal.request(subject, b"{}", timeout=0.5)

    async def test_may_listen_to_nothing(self, journal: Client) -> None:
        heard: list[bytes] = []

        async def hear(msg: Any) -> None:
            heard.append(msg.data)

        await journal.subscribe("hpa.>", cb=hear)
        await journal.jetstream().publish(ATTENDANCE, message("attendance"))
        await journal.flush()

        assert heard == []


class TestTheOwnEndpoints:
    async def test_tell_of_what_they_record_and_count_it_within_a_second(
        self,
        reader: Caller,
        tokens: TokenFactory,
        nats_server: NatsServer,
    ) -> None:
        teacher = Caller(reader.client, tokens.headers(COLLEAGUE, "employee"))
        await teacher.post("/attendance/", {"student": STUDENT, "status": "present"})
        await teacher.post("/scores/", {"student": STUDENT, "value": 61})
        await worked(reader, COLLEAGUE, seconds=1)

        ops = await connect(nats_server, "ops")

        async def delivered() -> int:
            infos = await ops.jetstream().consumers_info("WORKLOGS")
            return sum(info.ack_floor.stream_seq > 0 for info in infos if info.ack_floor)

        assert await eventually(delivered, until=lambda count: count == 2) == 2
        await ops.close()


class TestTwoReplicas:
    @pytest.fixture
    async def replica(
        self,
        settings_kwargs: dict[str, Any],
        nats_server: NatsServer,
        make_client: MakeClient,
        auth: StandIn,
    ) -> FastAPI:
        replica = create_app(Settings(**settings_kwargs, nats_url=nats_server.url("worklogs")))
        replica.state.hpa.users.client = auth
        await make_client(replica)
        return replica

    @pytest.mark.usefixtures("replica")
    async def test_share_the_events_and_agree(self, reader: Caller, journal: Client) -> None:
        for day in range(1, 20):
            for kind, subject in (("attendance", ATTENDANCE), ("score", SCORE)):
                told = message(kind, number=day, date=f"2026-02-{day:02}", id=str(uuid4()))
                await journal.publish(subject, told)

        rows = await eventually(
            lambda: reader.get(f"/work-logs/?employee={TEACHER}&status=true"),
            until=lambda rows: len(rows) == 19,
        )
        assert len({row["date"] for row in rows}) == 19
