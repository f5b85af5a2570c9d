"""What must hold about events: each state was told, and what was told has left."""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select

from hpa.fsck import tables
from hpa.fsck.reading import Check, Reader
from hpa.options import SERVICES

DRAINED_SECONDS: Final = 5


async def _drained(read: Reader) -> Iterable[str]:
    # NATS being away is no excuse: what waits is not there for anybody else.
    found = []
    late = read.now - timedelta(seconds=DRAINED_SECONDS)
    waiting = tables.outbox.c
    for service in SERVICES:
        statement = select(func.count(), func.min(waiting.created_at)).where(
            waiting.published_at.is_(None), waiting.created_at < late
        )
        count, oldest = (await read.rows(service, statement))[0]
        if count:
            found.append(f"{service}: {count} events wait since {oldest}")
    return found


async def _told(read: Reader) -> Iterable[str]:
    # A change and its event are one: the newest event of each thing tells its present version.
    owned = {
        ("auth", "user"): await _versions(read, "auth", tables.users, "id"),
        ("exams", "subject"): await _versions(read, "exams", tables.subjects, "id"),
        ("exams", "exam"): await _versions(read, "exams", tables.exams, "id"),
        ("results", "result"): await _versions(read, "results", tables.deleted_results, "result_id")
        | await _versions(read, "results", tables.results, "id"),
    }
    told = {service: await _newest(read, service) for service in ("auth", "exams", "results")}
    return [
        f"{service}: {noun} {key} is at version {version}, the last event told {was}"
        for (service, noun), versions in owned.items()
        for key, version in versions.items()
        if (was := told[service].get(f"{noun}:{key}")) != version
    ]


async def _versions(read: Reader, service: str, table: Any, key: str) -> dict[int, int]:  # noqa: ANN401 - a table
    rows = await read.rows(service, select(table.c[key], table.c.version))
    return {row[0]: row[1] for row in rows}


async def _newest(read: Reader, service: str) -> dict[str, int]:
    """Return the version that the newest event of each entity tells."""
    outbox = tables.outbox.c
    newest = select(func.max(outbox.id)).where(outbox.entity != "").group_by(outbox.entity)
    rows = await read.rows(
        service, select(outbox.entity, outbox.payload).where(outbox.id.in_(newest))
    )
    return {row.entity: _version_in(row.payload) for row in rows}


def _version_in(payload: bytes) -> int:
    return int(json.loads(payload)["data"].get("version", 0))


CHECKS: Final = (
    Check("events: the outboxes are drained", _drained, is_delivery=True),
    Check("events: every change was told with it", _told),
)
