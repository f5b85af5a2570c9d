"""What runs beside the requests: the day's job at local midnight, and the replica of subjects."""

import asyncio
from datetime import date, datetime
from typing import Any, Final

import structlog
from fastapi import FastAPI
from prometheus_client import Counter, Gauge

from shared.clock import local_day, utcnow
from shared.errors import Unavailable
from shared.replicas import keep_equal
from shared.runtime import Runtime
from shared.telemetry.metrics import REGISTRY
from worklogs import domain
from worklogs.service import days, subjects
from worklogs.settings import Settings

log = structlog.get_logger()

RETRY_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 1.0
"""How often it looks at the clock at least, so that a clock that was moved is noticed at once."""
SHORTEST_SECONDS: Final = 0.02

_last_run: Final = Gauge(
    "hpa_work_log_job_last_run_timestamp_seconds", "When every day up to today was open last.",
    registry=REGISTRY,
)  # fmt: skip
_days_opened: Final = Counter(
    "hpa_work_log_days_opened_total", "Days that this process opened.", registry=REGISTRY
)
_rows_made: Final = Counter(
    "hpa_work_log_rows_made_total", "Work logs that the day's job made.", registry=REGISTRY
)


async def keep_days_open(app: FastAPI) -> None:
    """
    Open days for ever: when the day changes, and from time to time whatever the clock says.

    It never trusts one long sleep: a clock may be moved, a machine may sleep. Every replica does
    so; whoever comes second finds the day open.
    """
    runtime: Runtime = app.state.hpa
    settings: Settings = app.state.settings
    elapsed = asyncio.get_running_loop().time
    seen: date | None = None
    again_at = 0.0
    while True:
        today = local_day(utcnow(), settings.hpa_time_zone)
        if today != seen or elapsed() >= again_at:
            try:
                await open_days(runtime)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            seen, again_at = today, elapsed() + settings.day_check_seconds
        await asyncio.sleep(seconds_to_wait(utcnow(), settings.hpa_time_zone))


async def keep_subjects(app: FastAPI) -> None:
    """Compare the replica of subjects with exams for ever, and pull it anew when it differs."""
    runtime: Runtime = app.state.hpa
    client = runtime.clients.get("exams")
    if client is None:
        return

    async def local() -> tuple[int, int]:
        async with runtime.database.reading() as view:
            return await subjects.digest_of_subjects(view)

    async def keep(page: list[dict[str, Any]]) -> int:
        async with runtime.database.transaction() as tx:
            await subjects.keep_subjects(tx, page)
        return int(page[-1]["subject_id"])

    await keep_equal("subjects", client, "/internal/subjects/", local=local, keep=keep)


async def open_days(runtime: Runtime) -> None:
    """Open every day that has come and is not open yet."""
    zone = runtime.settings.hpa_time_zone
    while not await _is_open(runtime):
        async with runtime.database.transaction() as tx:
            opened = await days.open_days(tx, now=utcnow(), zone=zone)
        if dates := opened.days:
            _days_opened.inc(len(dates))
            _rows_made.inc(opened.rows)
            log.info("days opened", first=str(dates[0]), last=str(dates[-1]), rows=opened.rows)
    _last_run.set_to_current_time()


async def _is_open(runtime: Runtime) -> bool:
    async with runtime.database.reading() as view:
        return await days.is_day_open(view, now=utcnow(), zone=runtime.settings.hpa_time_zone)


def seconds_to_wait(now: datetime, zone: str) -> float:
    """Return how long to sleep: until just after midnight, and never long."""
    left = (domain.next_midnight(now, zone) - now).total_seconds()
    return min(LOOK_SECONDS, max(left, SHORTEST_SECONDS))
