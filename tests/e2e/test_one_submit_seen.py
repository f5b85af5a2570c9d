"""One submit, followed through metrics, one trace and the logs of every process it touches."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from shared.testing.metrics import Figures, read_metrics
from shared.testing.otlp import Collector, Seen, collecting
from shared.testing.waiting import eventually
from tests.e2e.local import Processes
from tests.e2e.suite import Suite, answers_to, exam_body
from tests.house.test_observability import SERIES, asked_for, expressions

SUBMIT = "/api/v1/exams/{exam_id}/submit/"
CONSUMER = "exams--hpa-result-changed-v1"
SUBJECT = "hpa.result.changed.v1"
WAY = [
    ("results", f"POST {SUBMIT}"),
    ("results", f"outbox {SUBJECT}"),
    ("results", f"publish {SUBJECT}"),
    ("exams", f"handle {CONSUMER}"),
]
"""Of services and spans, each the child of the one before; the first is the gateway's."""
SECONDS = 20


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def traced(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """Return a suite that sends its spans to *collector*."""
    running = Processes(
        tmp_path_factory.mktemp("traced") / "data",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="100",
        OTEL_SERVICE_NAME="one-name-for-all",
    )
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
async def suite(traced: Processes) -> AsyncIterator[Suite]:
    async with Suite(traced) as suite:
        yield suite


@dataclass
class Submitted:
    """A submit that was accepted, and what the processes counted before and after it."""

    request_id: str
    before: dict[str, Figures]
    after: dict[str, Figures]

    def grown(self, job: str, name: str, **labels: str) -> float:
        return self.after[job].of(name, **labels) - self.before[job].of(name, **labels)


async def figures(folder: Path) -> dict[str, Figures]:
    """Read every process's page of metrics where `metrics.json` says it is."""
    targets = json.loads((folder / "metrics.json").read_text())
    async with httpx2.AsyncClient(trust_env=False) as client:
        return {
            one["labels"]["process"]: read_metrics(
                (await client.get(f"http://{one['targets'][0]}/metrics")).text
            )
            for one in targets
        }


def lines(folder: Path, process: str) -> list[dict[str, object]]:
    text = (folder / "logs" / f"{process}.log").read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def child_of(parent: Seen, service: str, name: str, spans: list[Seen]) -> Seen:
    found = [span for span in spans if (span.service, span.name) == (service, name)]
    assert [span.parent for span in found] == [parent.id], (name, spans)
    return found[0]


async def submit(suite: Suite, folder: Path) -> Submitted:
    owner = await suite.owner()
    teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
    subject = await owner.post("/subjects/", {"name": f"Fizika {teacher.id}"})
    exam = await teacher.post("/exams/", exam_body(subject["id"], tests=2))
    await teacher.post(f"/exams/{exam['id']}/publish/")
    before = await figures(folder)
    request_id = f"kuzatuv-{uuid4().hex}"

    answer = await student.ask(
        "POST",
        f"/exams/{exam['id']}/submit/",
        answers_to(exam),
        headers={"X-Request-Id": request_id},
    )

    assert answer.status_code == 200, answer.text

    async def counted() -> int:
        (listed,) = await teacher.get(f"/exams/?search={exam['code']}")
        return int(listed["participants_count"])

    await eventually(counted, until=lambda count: count == 1, seconds=SECONDS)
    return Submitted(request_id, before, await figures(folder))


class TestOneSubmit:
    async def test_is_seen_in_metrics_in_one_trace_and_in_the_logs(
        self, suite: Suite, traced: Processes, collector: Collector
    ) -> None:
        submitted = await submit(suite, traced.folder)

        self.see_metrics(submitted)
        request = self.see_request_line(submitted, traced.folder)
        trace_id = str(request["trace_id"])
        spans = await self.see_spans(collector, trace_id)
        self.see_one_way(spans)
        handled = [
            line for line in lines(traced.folder, "exams") if line["event"] == "event handled"
        ]
        assert [line["trace_id"] for line in handled].count(trace_id) == 1

    def see_metrics(self, submitted: Submitted) -> None:
        route = {"method": "POST", "route": SUBMIT}
        requests = submitted.grown("results", "hpa_http_requests_total", **route, status="200")
        durations = submitted.grown("results", "hpa_http_request_seconds_count", **route)
        handled = {"consumer": CONSUMER, "outcome": "handled"}

        assert (requests, durations) == (1, 1)
        assert submitted.grown("results", "hpa_events_published_total") == 1
        assert submitted.grown("exams", "hpa_events_handled_total", **handled) == 1
        assert submitted.after["gateway"].of("hpa_service_ready", service="results") == 1
        through_gateway = submitted.grown(
            "traefik",
            "traefik_router_requests_total",
            code="200",
            method="POST",
            protocol="http",
            router="submit@file",
            service="results@file",
        )
        assert through_gateway == 1

    def see_request_line(self, submitted: Submitted, folder: Path) -> dict[str, object]:
        found = [
            line
            for line in lines(folder, "results")
            if line.get("request_id") == submitted.request_id and line["event"] == "request"
        ]
        assert len(found) == 1
        return found[0]

    async def see_spans(self, collector: Collector, trace_id: str) -> list[Seen]:
        async def spans() -> list[Seen]:
            return collector.trace(trace_id)

        return await eventually(
            spans,
            until=lambda found: (
                {"gateway", "results", "exams"} <= {span.service for span in found}
                and WAY[-1][1] in {span.name for span in found}
                and not all(span.parent for span in found)
            ),
            seconds=SECONDS,
        )

    def see_one_way(self, spans: list[Seen]) -> None:
        by_id = {span.id: span for span in spans}
        served = next(span for span in spans if (span.service, span.name) == WAY[0])
        above = by_id[served.parent]
        while above.parent:
            above = by_id[above.parent]
        assert above.service == "gateway"
        assert served.attributes["http.route"] == SUBMIT
        assert served.attributes["http.response.status_code"] == "200"
        span = served
        for service, name in WAY[1:]:
            span = child_of(span, service, name, spans)

    async def test_every_metric_that_is_watched_is_told_by_somebody(
        self, suite: Suite, traced: Processes
    ) -> None:
        await submit(suite, traced.folder)
        told = {
            SERIES.sub("", name)
            for one in (await figures(traced.folder)).values()
            for name in one.names()
        }

        assert not asked_for(expressions()) - told

    async def test_leaves_no_secret_and_no_name_in_what_is_exported(
        self, suite: Suite, traced: Processes, collector: Collector
    ) -> None:
        student = await suite.known("student")
        await student.ask("GET", "/exams/?search=maxfiy-soz")
        secrets = json.loads((traced.folder / "secrets.json").read_text())
        told = str(await figures(traced.folder)) + str(
            [span for span in collector.spans if span.service != "gateway"]
        )

        hidden = [str(student.token), student.user["username"], "maxfiy-soz"]
        hidden += list(secrets["services"].values())
        assert not [one for one in hidden if one in told]
