"""What holds under a steady load: how long a hand-in takes, and how late its event is applied."""

import asyncio
from typing import Final

from sqlalchemy import select

from scripts.bench.client import quantile, send_all
from scripts.bench.workloads import SETTLE_SECONDS, Academy, Bench, submits
from shared.contracts.catalog import durable_name
from shared.contracts.results import ResultChangedV1
from shared.db.engine import Database
from shared.events.tables import Inbox, Outbox

HIGH: Final = 0.8
HALF: Final = 0.5
CONNECTIONS: Final = 64
"""More than ever wait at once: a request must not be late for want of one."""


async def measure(bench: Bench, who: Academy, capacity: float) -> dict[str, str]:
    """Hand in at a pace, of *capacity* a second, whatever the answers take."""
    cut = round(len(who.exams) * HIGH / (HIGH + HALF))
    high, half = submits(who, who.exams[:cut]), submits(who, who.exams[cut:])
    url, rows = bench.running.url, {}
    for share, requests in ((HIGH, high), (HALF, half)):
        took = await send_all(url, requests, CONNECTIONS, rate=share * capacity)
        await asyncio.sleep(SETTLE_SECONDS)
        rows[f"hand-in at {share:.0%} of {capacity:.0f} a second, p50 and p99"] = (
            f"{took.at(0.5):.0f} and {took.at(0.99):.0f} ms, {dict(took.statuses)}"
        )
    lags = await _lags(bench, len(half))
    rows[f"lag of {len(lags)} events at {HALF:.0%}, p50 and p99"] = (
        f"{1000 * quantile(lags, 0.5):.0f} and {1000 * quantile(lags, 0.99):.0f} ms"
    )
    return rows


async def _lags(bench: Bench, count: int) -> list[float]:
    """Return the seconds from the last events' writing to their taking up by exams."""
    results, exams = (Database(bench.running.database_url(each)) for each in ("results", "exams"))
    written = select(Outbox.event_id, Outbox.created_at).order_by(Outbox.id.desc()).limit(count)
    handled = select(Inbox.event_id, Inbox.handled_at).where(
        Inbox.consumer == durable_name("exams", ResultChangedV1.subject)
    )
    async with results.reading() as view:
        begun = {str(row.event_id): row.created_at for row in await view.execute(written)}
    async with exams.reading() as view:
        ended = {
            row.event_id.rpartition("/")[2]: row.handled_at for row in await view.execute(handled)
        }
    await results.close()
    await exams.close()
    return [(ended[key] - at).total_seconds() for key, at in begun.items()]
