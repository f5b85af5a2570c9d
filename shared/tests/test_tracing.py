"""Traces: nothing of them while they are off, and no event is lost for what others wrote there."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from shared.events import inbox
from shared.events.consumers import Consumers
from shared.events.outbox import emit
from shared.events.tables import Outbox
from shared.telemetry import tracing
from shared.testing.otlp import Collector, collecting
from shared.testing.plugin import MakeClient
from shared.tests import events_kit as kit
from shared.users import users_consumer

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SHOW = """
import sys, shared.app, shared.events.runtime, shared.serve
from shared.telemetry import tracing
tracing.start("things")
print(sorted(name for name in sys.modules if name.startswith("opentelemetry.sdk")))
"""


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Return what is exported while this process has traces on."""
    with collecting() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        tracing.start("things")
        try:
            yield collector
        finally:
            tracing.stop()


class TestWhileTheyAreOff:
    def test_the_sdk_is_not_loaded(self) -> None:
        shown = subprocess.run(
            [sys.executable, "-c", SHOW], capture_output=True, text=True, check=True, env={}
        )

        assert shown.stdout.strip() == "[]"

    @pytest.mark.parametrize(
        "off", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}]
    )
    def test_the_usual_variables_keep_them_off(
        self, monkeypatch: pytest.MonkeyPatch, off: dict[str, str]
    ) -> None:
        for name, value in {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", **off}.items():
            monkeypatch.setenv(name, value)

        tracing.start("things")

        assert not tracing.is_on()

    async def test_events_carry_none(self, tmp_path: Path) -> None:
        database = await kit.new_database(tmp_path, "auth")
        await kit.write(database, kit.user_changed(1))

        async with database.reading() as view:
            payload = await view.scalar(select(Outbox.payload))

        await database.close()
        assert payload is not None
        assert "traceparent" not in json.loads(payload)


class TestARequest:
    async def test_goes_on_with_the_trace_of_its_caller(
        self, collector: Collector, things: FastAPI, make_client: MakeClient
    ) -> None:
        client = await make_client(things)
        await client.get("/api/v1/things/open/", headers={"traceparent": CALLER})
        await client.get("/api/v1/things/open/", headers={"traceparent": "00-nonsense"})
        await client.get("/health/")
        tracing.stop()

        caller, other = collector.spans
        assert (caller.name, caller.service) == ("GET /api/v1/things/open/", "things")
        assert (caller.trace, caller.parent) == (CALLER.split("-")[1], CALLER.split("-")[2])
        assert other.parent == ""

    async def test_tells_its_template_and_nothing_that_was_sent(
        self, collector: Collector, client: httpx2.AsyncClient
    ) -> None:
        await client.get("/api/v1/things/refusals/secret-path/?search=secret-word")
        tracing.stop()

        (span,) = collector.spans
        assert span.name == "GET /api/v1/things/refusals/{kind}/"
        assert "secret" not in str(span)


@pytest.mark.usefixtures("collector")
class TestAnEvent:
    @pytest.mark.parametrize("told", ["", "nonsense", 7, None, {"a": []}, "00-" + "f" * 500])
    async def test_is_handled_whatever_its_trace_is(self, tmp_path: Path, told: object) -> None:
        database = await kit.new_database(tmp_path, "exams")
        consumers = Consumers("exams")
        users_consumer(consumers)
        (registration,) = consumers.registrations.values()
        event = kit.user_changed(5)
        envelope = {
            "specversion": "1.0",
            "id": "1",
            "source": "outside",
            "type": event.subject,
            "traceparent": told,
            "data": event.model_dump(mode="json"),
        }

        received = inbox.parse(registration, json.dumps(envelope).encode())
        await inbox.handle(database, registration, [received], None)

        held = await kit.replicas(database)
        await database.close()
        assert held == {5: 1}

    async def test_keeps_each_requests_trace_in_a_shared_transaction(self, tmp_path: Path) -> None:
        database = await kit.new_database(tmp_path, "auth")

        with tracing.span("one", parent=""):
            first = tracing.traceparent()
        async with database.transaction() as tx:
            await emit(tx, kit.user_changed(1), kit.user_changed(2), traces=[first, ""])

        async with database.reading() as view:
            payloads = list(await view.scalars(select(Outbox.payload).order_by(Outbox.id)))
        await database.close()
        assert [json.loads(one).get("traceparent") for one in payloads] == [first, None]
