"""Metrics: what is counted under which names, and that no label grows with what people send."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from shared.clock import utcnow
from shared.db.engine import Database
from shared.errors import Unavailable
from shared.events.tables import EventsBase
from shared.http.middleware import Edge
from shared.telemetry import metrics
from shared.telemetry.serving import serving_metrics
from shared.testing.metrics import Figures, read_metrics
from shared.testing.nats import NatsServer
from shared.testing.tokens import TokenFactory
from shared.testing.waiting import eventually
from shared.tests import events_kit as kit

THING = "/api/v1/things/{thing_id}/"


async def figures(client: httpx2.AsyncClient) -> Figures:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return read_metrics(answer.text)


def requests(found: Figures, method: str, route: str, status: int) -> float:
    return found.of("hpa_http_requests_total", method=method, route=route, status=str(status))


class TestRequests:
    async def test_are_counted_by_the_template_of_their_route(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        before = await figures(client)
        for number in (811, 812):
            await client.get(f"/api/v1/things/{number}/", headers=tokens.headers())

        after = await figures(client)

        assert requests(after, "GET", THING, 200) - requests(before, "GET", THING, 200) == 2
        seconds = {"method": "GET", "route": THING}
        assert after.of("hpa_http_request_seconds_count", **seconds) >= 2
        assert "811" not in str(list(after))

    async def test_for_nobodys_path_share_one_series(self, client: httpx2.AsyncClient) -> None:
        before = await figures(client)
        await client.get("/api/v1/nowhere/one/")
        await client.get("/api/v1/nowhere/two/")

        after = await figures(client)

        grown = requests(after, "GET", metrics.UNMATCHED, 404)
        assert grown - requests(before, "GET", metrics.UNMATCHED, 404) == 2
        assert "nowhere" not in str(list(after))

    async def test_with_invented_verbs_share_one_series(self, client: httpx2.AsyncClient) -> None:
        await client.request("SCAN", "/api/v1/things/")
        await client.request("PROBE", "/api/v1/things/")

        found = await figures(client)

        assert requests(found, metrics.OTHER, metrics.UNMATCHED, 405) >= 2
        assert "SCAN" not in str(list(found))

    async def test_of_health_and_metrics_are_not_counted(self, client: httpx2.AsyncClient) -> None:
        await client.get("/health/")
        await figures(client)

        found = await figures(client)

        routes = {dict(labels).get("route") for _, labels in found}
        assert not routes & {"/health/", "/metrics/", "/ready/"}


class TestRefusals:
    async def test_of_an_overloaded_process_are_counted(
        self, things: FastAPI, client: httpx2.AsyncClient
    ) -> None:
        before = await figures(client)
        edge = things.middleware_stack
        assert isinstance(edge, Edge)
        edge.load.bound = 0

        assert (await client.get("/api/v1/things/open/")).status_code == 503

        after = await figures(client)
        overload = {"reason": "overload"}
        assert after.of("hpa_refusals_total", **overload) == (
            before.of("hpa_refusals_total", **overload) + 1
        )

    @pytest.mark.parametrize("request_seconds", [0.05])
    async def test_of_slow_requests_are_counted(self, client: httpx2.AsyncClient) -> None:
        before = await figures(client)

        assert (await client.get("/api/v1/things/slow/")).status_code == 503

        after = await figures(client)
        slow = {"reason": "too_slow"}
        assert after.of("hpa_refusals_total", **slow) > before.of("hpa_refusals_total", **slow)

    async def test_by_a_locked_database_are_told_from_those_by_one_that_is_away(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.db.engine.LOCK_SECONDS", 0)
        url = f"sqlite+aiosqlite:///{tmp_path}/locked.sqlite3"
        holder, other = Database(url), Database(url)
        away = Database(f"sqlite+aiosqlite:///{tmp_path}/nowhere/x.sqlite3")
        before = read_metrics(metrics.page().decode())

        async with holder.transaction() as tx:
            await tx.execute(text("SELECT 1"))
            with pytest.raises(Unavailable):
                await touch(other)
        with pytest.raises(Unavailable):
            await touch(away)

        after = read_metrics(metrics.page().decode())
        for database in (holder, other, away):
            await database.close()
        grown = {
            reason: after.of("hpa_refusals_total", reason=reason)
            - before.of("hpa_refusals_total", reason=reason)
            for reason in metrics.REASONS
        }
        assert {reason: count for reason, count in grown.items() if count} == {
            "database_locked": 1,
            "database_away": 1,
        }


async def touch(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("SELECT 1"))


class TestThePage:
    async def test_tells_who_holds_and_who_awaits_a_connection(
        self, things: FastAPI, client: httpx2.AsyncClient
    ) -> None:
        database: Database = things.state.hpa.database
        async with database.transaction():
            waiting = asyncio.create_task(touch(database))
            await eventually(
                lambda: _waiting(database),
                until=lambda count: count == 1,
            )
            found = await figures(client)
        await waiting

        assert found.of("hpa_database_connections_in_use", pool="write") == 1
        assert found.of("hpa_database_waiting", pool="write") == 1
        assert found.of("hpa_database_connections_limit", pool="write") == 1
        assert found.of("hpa_database_waiting", pool="read") == 0

    async def test_tells_what_waits_in_the_outbox_and_what_was_parked(
        self, things: FastAPI, client: httpx2.AsyncClient
    ) -> None:
        database: Database = things.state.hpa.database
        async with database.engine.begin() as connection:
            await connection.run_sync(EventsBase.metadata.create_all)
        now = utcnow()
        async with database.transaction() as tx:
            tx.add_all(kit.unpublished(now - timedelta(minutes=minutes)) for minutes in (7, 1))
            tx.add(kit.dead_letter())

        found = await figures(client)

        assert found.of("hpa_outbox_waiting") == 2
        assert found.of("hpa_outbox_oldest_seconds") >= 7 * 60
        assert found.of("hpa_dead_letters") == 1

    async def test_is_there_without_the_database(
        self, client: httpx2.AsyncClient, things: FastAPI
    ) -> None:
        async with things.state.hpa.database.engine.begin() as connection:
            await connection.execute(text("DROP TABLE things"))

        found = await figures(client)

        assert found.of("hpa_database_up") == 0  # the tables of events are not there
        assert "hpa_outbox_waiting" not in found.names()
        assert "process_resident_memory_bytes" in found.names()

    async def test_is_written_by_a_process_without_a_web_framework(self) -> None:
        async def page() -> bytes:
            return metrics.page([metrics.gauge("hpa_things", "Things.", 3)])

        async with (
            serving_metrics("127.0.0.1", 0, page) as port,
            serving_metrics("127.0.0.1", port, page) as taken,
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client,
        ):
            found = await figures(client)
            other = await client.get("/health/")

        assert found.of("hpa_things") == 3
        assert other.status_code == 404
        assert taken == 0  # and the block ran all the same


async def _waiting(database: Database) -> int:
    return database.gates["write"].waiting


class TestEvents:
    async def test_are_counted_from_the_outbox_to_their_effect(
        self, nats_server: NatsServer, auth: Database, exams: Database
    ) -> None:
        durable = "exams--hpa-user-changed-v1"
        before = read_metrics(metrics.page().decode())
        async with (
            kit.ops(nats_server),
            kit.running(kit.producer(auth, nats_server)),
            kit.running(kit.consumer(exams, nats_server)) as consumer,
        ):
            await kit.write(auth, *(kit.user_changed(number) for number in (1, 2, 3)))
            await eventually(lambda: kit.replicas(exams), until=lambda held: len(held) == 3)
            lags = await eventually(consumer.lags, until=lambda found: found[0].unacknowledged == 0)

        after = read_metrics(metrics.page().decode())
        handled = {"consumer": durable, "outcome": "handled"}
        published = "hpa_events_published_total"
        assert after.of(published) - before.of(published) == 3
        assert (
            after.of("hpa_events_handled_total", **handled)
            - before.of("hpa_events_handled_total", **handled)
            == 3
        )
        assert after.of("hpa_event_delay_seconds_count", consumer=durable) >= 3
        assert [(lag.durable, lag.waiting) for lag in lags] == [(durable, 0)]

    async def test_that_nobody_takes_are_told_as_waiting(
        self, nats_server: NatsServer, auth: Database, exams: Database
    ) -> None:
        idle = kit.consumer(exams, nats_server)
        assert idle.bus is not None
        async with kit.ops(nats_server), kit.running(kit.producer(auth, nats_server)):
            idle.bus.start()
            await idle.bus.connected.wait()
            await kit.write(auth, kit.user_changed(1), kit.user_changed(2))

            lags = await eventually(idle.lags, until=lambda found: found[0].waiting == 2)

            await idle.bus.stop()
        assert lags[0].unacknowledged == 0
