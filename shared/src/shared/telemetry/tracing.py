"""
Spans of a request and of the events that follow from it; nothing while traces are off.

OpenTelemetry is imported by `start` alone: whoever does not export traces does not pay for them.
"""

import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final, Literal, Protocol

Kind = Literal["server", "client", "producer", "consumer", "internal"]

Attributes = Mapping[str, str | int]

TRACEPARENT: Final = "traceparent"


class Span(Protocol):
    """One piece of work in a trace."""

    def set(self, attributes: Attributes) -> None:
        """Add attributes under OpenTelemetry's names."""

    def rename(self, name: str) -> None:
        """Name it by what it turned out to be."""

    def fail(self) -> None:
        """Mark it as failed."""


class Exporter(Protocol):
    """What `start` puts in place."""

    def span(
        self, name: str, kind: Kind, parent: str | None, began_at: float | None
    ) -> AbstractContextManager[Span]:
        """Run a block as a span; *parent* None means the present one, an empty text none."""

    def traceparent(self) -> str:
        """Return the present span as W3C tells it, an empty text without one."""

    def trace_id(self) -> str:
        """Return the id of the present trace, an empty text without one."""

    def stop(self) -> None:
        """Send what is left."""


class _NoSpan:
    def set(self, attributes: Attributes) -> None:
        pass

    def rename(self, name: str) -> None:
        pass

    def fail(self) -> None:
        pass


_nothing: Final[AbstractContextManager[Span]] = contextlib.nullcontext(_NoSpan())
_exporter: Exporter | None = None


def start(service: str) -> None:
    """Export spans of *service* from now on, where the environment says so; once a process."""
    global _exporter  # noqa: PLW0603 - there is one per process, as of logging
    # Only here: the gateway's process traces nothing and does without Pydantic.
    from shared.telemetry.settings import TracingSettings  # noqa: PLC0415

    settings = TracingSettings()
    if not settings.is_on or _exporter is not None:
        return
    from shared.telemetry.otlp import Otlp  # noqa: PLC0415 - 0.2 s and 5 MiB for those who want it

    _exporter = Otlp(settings.otel_service_name or service)


def stop() -> None:
    """Send what is left, for a moment at most, and export nothing more."""
    global _exporter
    exporter, _exporter = _exporter, None
    if exporter is not None:
        exporter.stop()


def is_on() -> bool:
    """Tell whether spans are exported."""
    return _exporter is not None


def span(
    name: str,
    kind: Kind = "internal",
    *,
    parent: str | None = None,
    began_at: float | None = None,
) -> AbstractContextManager[Span]:
    """
    Run a block as a span of the present trace, or of *parent* where one is given.

    An empty *parent* begins a trace. *began_at*: seconds since 1970, for work that began earlier.
    A call to another service is no trace by itself: replicas are compared every few seconds.
    """
    if _exporter is None or (kind == "client" and not _exporter.trace_id()):
        return _nothing
    return _exporter.span(name, kind, parent, began_at)


def traceparent() -> str:
    """Return the present span in W3C's form, an empty text while there is none."""
    return _exporter.traceparent() if _exporter is not None else ""


def trace_id() -> str:
    """Return the id of the present trace, an empty text while there is none."""
    return _exporter.trace_id() if _exporter is not None else ""
