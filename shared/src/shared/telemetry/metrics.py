"""
The instruments of every process, and the page that Prometheus reads.

Labels are names from the code: a route's template, a consumer, a reason. Never an id, a user's
name or a path as it was sent: each value of a label is a series for ever.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
UNMATCHED: Final = "unmatched"
OTHER: Final = "other"
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.5)
DELAYS: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 600.0)

# Without them there would be a second series for each that tells when it began.
disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_requests: Final = Counter(
    "hpa_http_requests_total", "Requests answered.", ("method", "route", "status"),
    registry=REGISTRY,
)  # fmt: skip
_seconds: Final = Histogram(
    "hpa_http_request_seconds", "From the first byte to the answer.", ("method", "route"),
    buckets=SECONDS, registry=REGISTRY,
)  # fmt: skip
_refusals: Final = Counter(
    "hpa_refusals_total", "Requests and transactions refused, by reason.", ("reason",),
    registry=REGISTRY,
)  # fmt: skip
_published: Final = Counter(
    "hpa_events_published_total", "Events that JetStream acknowledged.", registry=REGISTRY
)
_handled: Final = Counter(
    "hpa_events_handled_total", "Deliveries by what became of them.", ("consumer", "outcome"),
    registry=REGISTRY,
)  # fmt: skip
_delays: Final = Histogram(
    "hpa_event_delay_seconds", "From an event's arrival in its stream to its effect.",
    ("consumer",), buckets=DELAYS, registry=REGISTRY,
)  # fmt: skip

REASONS: Final = (
    "overload", "too_slow", "login_line", "database_queue", "database_locked", "database_slow",
    "disk_full", "database_away",
)  # fmt: skip
OUTCOMES: Final = ("handled", "put_off", "tried_again", "parked")

# Children are kept: to look one up by its labels costs more than to count.
_of_reason: Final = {reason: _refusals.labels(reason) for reason in REASONS}
_of_request: Final[dict[tuple[str, str, int], Counter]] = {}
_of_route: Final[dict[tuple[str, str], Histogram]] = {}


def count_request(method: str, route: str | None, status: int, seconds: float) -> None:
    """Count one answer; *route* is the template of its path, None when no route was found."""
    method = method if method in METHODS else OTHER
    route = route or UNMATCHED
    request = _of_request.get((method, route, status))
    if request is None:
        request = _requests.labels(method, route, str(status))
        _of_request[(method, route, status)] = request
    request.inc()
    duration = _of_route.get((method, route))
    if duration is None:
        duration = _of_route[(method, route)] = _seconds.labels(method, route)
    duration.observe(seconds)


def count_refusal(reason: str) -> None:
    """Count what was refused for one of `REASONS`."""
    _of_reason[reason].inc()


def count_published(events: int) -> None:
    """Count events that are in the stream now."""
    _published.inc(events)


class ConsumerMetrics:
    """What one durable counts."""

    def __init__(self, consumer: str) -> None:
        """Make the series, at zero: an alert cannot compare with what is not there."""
        self._of_outcome = {outcome: _handled.labels(consumer, outcome) for outcome in OUTCOMES}
        self._delay = _delays.labels(consumer)

    def count(self, outcome: str, deliveries: int = 1) -> None:
        """Count what became of *deliveries*, one of `OUTCOMES`."""
        self._of_outcome[outcome].inc(deliveries)

    def note_delay(self, seconds: float) -> None:
        """Note how long an event took from its stream to its effect."""
        self._delay.observe(max(0.0, seconds))


def gauge(name: str, text: str, value: float) -> Metric:
    """Return a figure of this moment."""
    return GaugeMetricFamily(name, text, value=value)


def gauges(name: str, text: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    """Return figures of this moment, one for each value of *label*."""
    family = GaugeMetricFamily(name, text, labels=(label,))
    for key, value in values:
        family.add_metric((key,), value)
    return family


class _Moment:
    """What `generate_latest` takes for a registry."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def page(families: Iterable[Metric] = ()) -> bytes:
    """Return everything counted, and *families* read for this page, in Prometheus's text format."""
    moment: Any = _Moment(families)
    return generate_latest(REGISTRY) + generate_latest(moment)
