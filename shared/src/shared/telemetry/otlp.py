"""Spans by OpenTelemetry's SDK, sent as OTLP over HTTP; imported only where traces are on."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.telemetry.tracing import TRACEPARENT, Attributes, Kind, Span

KINDS: Final[dict[Kind, SpanKind]] = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}
NAMESPACE: Final = "hpa"
STOP_SECONDS: Final = 2.0
"""A collector that is away must not hold up a rolling restart."""
NANOS: Final = 1_000_000_000

_w3c: Final = TraceContextTextMapPropagator()


class Otlp:
    """The exporter of this process; where to and how much is in OpenTelemetry's own variables."""

    def __init__(self, service: str) -> None:
        """Export as *service*; `OTEL_RESOURCE_ATTRIBUTES` may add to it."""
        resource = Resource.create({SERVICE_NAME: service, SERVICE_NAMESPACE: NAMESPACE})
        # Its own way of ending would wait for half a minute at the exit of the interpreter.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("shared.telemetry")

    @contextmanager
    def span(
        self, name: str, kind: Kind, parent: str | None, began_at: float | None
    ) -> Iterator[Span]:
        """See `tracing.span`. An exception marks the span; its words may hold what users wrote."""
        context = None
        if parent is not None:
            # What is no traceparent is no parent, too.
            context = _w3c.extract({TRACEPARENT: parent}, Context())
        with self._tracer.start_as_current_span(
            name,
            context,
            KINDS[kind],
            start_time=None if began_at is None else round(began_at * NANOS),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            told = _Span(span)
            try:
                yield told
            except BaseException:
                told.fail()
                raise

    def traceparent(self) -> str:
        """See `tracing.traceparent`."""
        carrier: dict[str, str] = {}
        _w3c.inject(carrier)
        return carrier.get(TRACEPARENT, "")

    def trace_id(self) -> str:
        """See `tracing.trace_id`."""
        context = trace.get_current_span().get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid else ""

    def stop(self) -> None:
        """Send what is left within `STOP_SECONDS`."""
        last = threading.Thread(target=self._provider.shutdown, daemon=True)
        last.start()
        last.join(STOP_SECONDS)


class _Span:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def set(self, attributes: Attributes) -> None:
        """Add attributes under OpenTelemetry's names."""
        for name, value in attributes.items():
            self._span.set_attribute(name, value)

    def rename(self, name: str) -> None:
        """Name it by what it turned out to be."""
        self._span.update_name(name)

    def fail(self) -> None:
        """Mark it as failed."""
        self._span.set_status(StatusCode.ERROR)
