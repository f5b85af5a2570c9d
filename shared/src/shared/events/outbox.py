"""The outbox: events are rows of the transaction that made them true."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    bindparam,
    delete,
    func,
    null,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import utcnow
from shared.contracts.base import Event
from shared.db.brief import Writing
from shared.db.bulk import insert_rows, table_of
from shared.db.engine import TELLING, View
from shared.events.tables import DeadLetter, Outbox
from shared.telemetry import tracing

KEEP: Final = timedelta(days=30)
"""Published rows stay this long, so that a lost stream can be filled again."""

_TABLE: Final = table_of(Outbox)
_CLAIM: Final = (
    select(Outbox.id, Outbox.event_id, Outbox.subject, Outbox.payload)
    .where(Outbox.published_at.is_(None))
    .order_by(Outbox.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_ANY_WAITING: Final = (
    select(Outbox.id).where(Outbox.published_at.is_(None)).order_by(Outbox.id).limit(1)
)
_STAMP: Final = update(_TABLE).values(published_at=bindparam("at"))
_STAMP_ONE: Final = _STAMP.where(_TABLE.c.id == bindparam("row_id")).values(
    stream_seq=bindparam("seq")
)
_ACKED: Final = (
    func.unnest(
        bindparam("rows", type_=ARRAY(BigInteger)), bindparam("seqs", type_=ARRAY(BigInteger))
    )
    .table_valued(Column("id", BigInteger), Column("seq", BigInteger))
    .render_derived("acked")
)
_STAMP_ALL: Final = _STAMP.where(_TABLE.c.id == _ACKED.c.id).values(stream_seq=_ACKED.c.seq)


async def emit(tx: Writing, *events: Event, traces: Sequence[str] | None = None) -> None:
    """
    Add *events* to the outbox of the transaction; the relay publishes them after its commit.

    *traces*: the traceparent of each, where the transaction is shared by several requests.
    """
    now = utcnow()
    rows = []
    traces = traces or [tracing.traceparent()] * len(events)
    for event, trace in zip(events, traces, strict=True):
        event_id = uuid4()
        rows.append(
            {
                "event_id": event_id,
                "subject": event.subject,
                "entity": event.entity,
                "payload": event.envelope(event_id, now, trace),
                "created_at": now,
            }
        )
    if rows:
        await insert_rows(tx, Outbox, rows)
        tx.info[TELLING] = True


async def claim(view: View, limit: int) -> list[tuple[int, str, str, bytes]]:
    """Return (id, event id, subject, payload) of waiting rows, oldest first, locked."""
    found = await view.execute(_CLAIM, {"most": limit})
    return [(row.id, str(row.event_id), row.subject, row.payload) for row in found]


async def any_waiting(view: View) -> bool:
    """Tell whether an event is not published yet."""
    return (await view.execute(_ANY_WAITING)).first() is not None


async def mark_published(tx: AsyncSession, sequences: dict[int, int]) -> None:
    """Stamp the rows whose publication JetStream acknowledged: {row id: stream sequence}."""
    connection = await tx.connection()
    if connection.dialect.name == "postgresql":
        arrays = {"rows": list(sequences), "seqs": list(sequences.values()), "at": utcnow()}
        await connection.execute(_STAMP_ALL, arrays)
        return
    rows = [{"row_id": row, "at": utcnow(), "seq": seq} for row, seq in sequences.items()]
    await connection.execute(_STAMP_ONE, rows)


async def have_been_given(tx: AsyncSession, sequences: dict[int, int]) -> bool:
    """Tell whether another row was once published as one of *sequences*: {row id: sequence}."""
    statement = select(Outbox.id).where(
        Outbox.stream_seq.in_(sequences.values()), Outbox.id.not_in(sequences)
    )
    return await tx.scalar(statement.limit(1)) is not None


async def unpublish_all(tx: AsyncSession) -> int:
    """Make every kept row wait again: the stream was lost. Return how many there are."""
    statement = (
        update(Outbox)
        .where(Outbox.published_at.is_not(None))
        .values(published_at=null(), stream_seq=null())
    )
    result = await tx.execute(statement)
    return int(getattr(result, "rowcount", 0))


async def purge(tx: AsyncSession, now: datetime) -> None:
    """Drop rows published long ago, but keep the newest state of each entity for new consumers."""
    newer = Outbox.__table__.alias("newer")
    superseded = (
        select(newer.c.id)
        .where(newer.c.entity == Outbox.entity, newer.c.id > Outbox.id)
        .correlate(Outbox)
        .exists()
    )
    await tx.execute(
        delete(Outbox).where(Outbox.published_at < now - KEEP, (Outbox.entity == "") | superseded)
    )


async def oldest_waiting(tx: AsyncSession) -> datetime | None:
    """Return when the oldest unpublished event was written, or None."""
    statement = (
        select(Outbox.created_at).where(Outbox.published_at.is_(None)).order_by(Outbox.id).limit(1)
    )
    found: datetime | None = await tx.scalar(statement)
    return found


async def count_waiting(tx: AsyncSession) -> int:
    """Return how many events are not published yet."""
    statement = select(func.count()).select_from(Outbox).where(Outbox.published_at.is_(None))
    return int(await tx.scalar(statement) or 0)


async def dead_letters(tx: AsyncSession) -> int:
    """Return how many parked messages nobody has replayed yet."""
    statement = select(func.count()).select_from(DeadLetter)
    return int(await tx.scalar(statement.where(DeadLetter.replayed_at.is_(None))) or 0)
