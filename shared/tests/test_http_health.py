"""Health: alive, ready, and honest about what is behind."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from shared.app import build_app
from shared.clock import utcnow
from shared.events.tables import EventsBase
from shared.settings import ServiceSettings
from shared.testing.metrics import read_metrics
from shared.testing.plugin import MakeClient
from shared.testing.tokens import TokenFactory
from shared.tests import events_kit as kit

Build = Callable[..., Awaitable[tuple[FastAPI, httpx2.AsyncClient]]]


@pytest.fixture
def build(things_settings: ServiceSettings, make_client: MakeClient) -> Build:
    async def build(**changes: Any) -> tuple[FastAPI, httpx2.AsyncClient]:
        settings = things_settings.model_copy(update=changes)
        app = build_app(
            name="things", title="Things", description=".", settings=settings, routers=[]
        )
        if not changes.get("database_url"):
            async with app.state.hpa.database.engine.begin() as connection:
                await connection.run_sync(EventsBase.metadata.create_all)
        return app, await make_client(app)

    return build


class TestHealth:
    async def test_is_ok_while_alive(self, build: Build) -> None:
        _, client = await build()

        answer = await client.get("/health/")

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    async def test_tells_the_gateway_when_it_is_about_to_go(self, build: Build) -> None:
        app, client = await build()
        app.state.hpa.draining = True

        assert (await client.get("/health/")).status_code == 503
        assert (await client.get("/ready/")).status_code == 503

    async def test_does_not_ask_the_database(self, build: Build) -> None:
        _, client = await build(database_url="sqlite+aiosqlite:////nowhere/x.sqlite3")

        assert (await client.get("/health")).status_code == 200


class TestReady:
    async def test_names_every_part(self, build: Build) -> None:
        _, client = await build()

        answer = await client.get("/ready/")

        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ok",
            "checks": {
                "database": "ok",
                "jetstream": "off",
                "outbox": "off",
                "keys": "off",
                "dead_letters": 0,
            },
        }

    async def test_is_503_without_the_database(self, build: Build) -> None:
        _, client = await build(database_url="sqlite+aiosqlite:////nowhere/x.sqlite3")

        answer = await client.get("/ready/")

        assert answer.status_code == 503
        assert answer.json()["checks"]["database"] == "database_away"

    async def test_is_503_without_jetstream_and_answers_in_time(self, build: Build) -> None:
        _, client = await build(nats_url="nats://things:pw@127.0.0.1:9")

        async with asyncio.timeout(10):  # NATS is never there
            answer = await client.get("/ready/")

        assert answer.status_code == 503
        assert answer.json()["checks"]["jetstream"] in {"down", "timeout"}

    async def test_is_503_until_a_token_can_be_checked(
        self, build: Build, tmp_path: Path, tokens: TokenFactory
    ) -> None:
        cache = tmp_path / "keys.json"
        app, client = await build(jwks_url="http://127.0.0.1:9/keys", jwks_cache=cache)
        without = await client.get("/ready/")
        cache.write_bytes(tokens.jwks_file.read_bytes())  # as if auth had answered
        await app.state.hpa.verifier.keys.refresh()
        known = await client.get("/ready/")

        assert (without.status_code, without.json()["checks"]["keys"]) == (503, "missing")
        assert (known.status_code, known.json()["checks"]["keys"]) == (200, "ok")

    async def test_is_503_while_events_wait_too_long(self, build: Build) -> None:
        app, client = await build(nats_url="nats://things:pw@127.0.0.1:9")
        async with app.state.hpa.database.transaction() as tx:
            tx.add(kit.unpublished(utcnow() - timedelta(minutes=2)))

        assert (await client.get("/ready/")).json()["checks"]["outbox"] == "stale"

    async def test_counts_what_is_parked_and_stays_ready(self, build: Build) -> None:
        app, client = await build()
        async with app.state.hpa.database.transaction() as tx:
            tx.add(kit.dead_letter())

        answer = await client.get("/ready/")

        assert (answer.status_code, answer.json()["checks"]["dead_letters"]) == (200, 1)


class TestABadState:
    """What `/ready/` names, a metric tells too, and a log line with the id of the request."""

    @pytest.fixture
    async def broken(self, build: Build, tmp_path: Path) -> httpx2.AsyncClient:
        app, client = await build(
            nats_url="nats://things:pw@127.0.0.1:9",
            jwks_url="http://127.0.0.1:9/keys",
            jwks_cache=tmp_path / "keys.json",
        )
        async with app.state.hpa.database.transaction() as tx:
            tx.add(kit.unpublished(utcnow() - timedelta(minutes=2)))
        return client

    @pytest.mark.parametrize(
        ("check", "word", "metric", "is_bad"),
        [
            ("jetstream", "down", "hpa_jetstream_up", lambda value: value == 0),
            ("outbox", "stale", "hpa_outbox_oldest_seconds", lambda value: value > 60),
            ("keys", "missing", "hpa_keys_known", lambda value: value == 0),
        ],
    )
    async def test_is_named_measured_and_logged(
        self,
        broken: httpx2.AsyncClient,
        check: str,
        word: str,
        metric: str,
        is_bad: Callable[[float], bool],
    ) -> None:
        with capture_logs(processors=[merge_contextvars]) as said:
            answer = await broken.get("/ready/", headers={"X-Request-Id": "who-asked"})
        measured = read_metrics((await broken.get("/metrics")).text).of(metric)

        assert (answer.status_code, answer.json()["checks"][check]) == (503, word)
        assert is_bad(measured)
        lines = [line for line in said if line["event"] == "not ready"]
        assert [(line[check], line["request_id"]) for line in lines] == [(word, "who-asked")]
