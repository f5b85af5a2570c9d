"""`/metrics` of a service, on its own port only: the gateway routes nothing there."""

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Final, TypeVar

import structlog
from fastapi import APIRouter
from nats.errors import Error as NatsError
from prometheus_client.metrics_core import Metric
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from shared.clock import utcnow
from shared.errors import Unavailable
from shared.events import outbox
from shared.events.bus import BusDown
from shared.events.runtime import Lag
from shared.http.deps import App
from shared.runtime import Runtime
from shared.telemetry.metrics import CONTENT_TYPE, gauge, gauges, page

log = structlog.get_logger()

READ_SECONDS: Final = 1.0

T = TypeVar("T")

router = APIRouter()


@router.get("/metrics/")
async def metrics(app: App) -> Response:
    """Answer what this process counted, and how things stand now; what is away is left out."""
    tables, lags = await asyncio.gather(_read(_tables(app)), _read(app.events.lags()))
    families = [*_process(app), *_events(app, tables, lags)]
    for service_gauges in app.gauges:
        families += service_gauges()
    return Response(page(families), media_type=CONTENT_TYPE)


async def _read(question: Awaitable[T]) -> T | None:
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await question
    except (Unavailable, SQLAlchemyError, BusDown, NatsError, OSError, TimeoutError) as error:
        log.warning("not measured", error=type(error).__name__)
        return None


async def _tables(app: Runtime) -> tuple[int, float, int]:
    """Return how many events wait, the age of the oldest, and how many are parked."""
    async with app.database.reading() as view:
        oldest = await outbox.oldest_waiting(view)
        age = (utcnow() - oldest).total_seconds() if oldest is not None else 0.0
        return await outbox.count_waiting(view), max(0.0, age), await outbox.dead_letters(view)


def _process(app: Runtime) -> Iterator[Metric]:
    gates = app.database.gates
    yield gauges(
        "hpa_database_connections_in_use", "Connections that somebody holds.", "pool",
        [(name, gate.in_use) for name, gate in gates.items()],
    )  # fmt: skip
    yield gauges(
        "hpa_database_connections_limit", "Connections there may be.", "pool",
        [(name, gate.capacity) for name, gate in gates.items()],
    )  # fmt: skip
    yield gauges(
        "hpa_database_waiting", "Those who wait for a connection.", "pool",
        [(name, gate.waiting) for name, gate in gates.items()],
    )  # fmt: skip
    if app.load is not None:
        in_flight = [("reads", app.load.reads), ("writes", app.load.writes)]
        yield gauges("hpa_requests_in_flight", "Requests under way.", "kind", in_flight)
        yield gauge("hpa_requests_limit", "Requests taken on at once, as of now.", app.load.bound)
    yield gauge("hpa_draining", "1 from SIGTERM to the end.", app.draining)
    if app.settings.jwks_url:
        known = app.verifier.keys.is_known
        yield gauge("hpa_keys_known", "Whether tokens can be checked.", known)


def _events(
    app: Runtime, tables: tuple[int, float, int] | None, lags: list[Lag] | None
) -> Iterator[Metric]:
    yield gauge("hpa_database_up", "Whether the database answers.", tables is not None)
    if tables is not None:
        waiting, age, parked = tables
        yield gauge("hpa_outbox_waiting", "Events that are not published yet.", waiting)
        yield gauge("hpa_outbox_oldest_seconds", "Age of the oldest of them.", age)
        yield gauge("hpa_dead_letters", "Events put aside, until somebody replays them.", parked)
    if app.events.bus is None:
        return
    yield gauge("hpa_jetstream_up", "Whether JetStream answers.", lags is not None)
    yield gauges(
        "hpa_consumer_waiting", "Events in the stream that the consumer has not got.", "consumer",
        [(one.durable, one.waiting) for one in lags or ()],
    )  # fmt: skip
    yield gauges(
        "hpa_consumer_unacknowledged", "Events that the consumer has got and not confirmed.",
        "consumer", [(one.durable, one.unacknowledged) for one in lags or ()],
    )  # fmt: skip
