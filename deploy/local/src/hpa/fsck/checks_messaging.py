"""What must hold inside the database of messaging: every status is honest, none stands still."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import and_, func, or_, select

from hpa.fsck import tables
from hpa.fsck.reading import Check, Reader, Rows

STUCK_SECONDS: Final = 60
LATE_SECONDS: Final = 24 * 3600
"""While Telegram is away, messages wait for it."""
MICROS: Final = 1_000_000
STATUSES: Final = ("pending", "sending", "sent", "failed")


async def _honest(read: Reader) -> Iterable[str]:
    logs = tables.message_logs.c
    rows = await _logs(
        read,
        or_(
            logs.status.not_in(STATUSES),
            and_(logs.status == "sent", logs.sent_at.is_(None)),
            and_(logs.status != "sent", logs.sent_at.is_not(None)),
            and_(logs.status == "failed", logs.error.is_(None)),
        ),
    )
    return [
        f"log {row.id} is {row.status}, sent_at {row.sent_at}, error {row.error}" for row in rows
    ]


async def _once(read: Reader) -> Iterable[str]:
    logs = tables.message_logs.c
    pair = (logs.message_id, logs.recipient_id)
    rows = await read.rows("messaging", select(*pair).group_by(*pair).having(func.count() > 1))
    return [f"message {row[0]} has several logs of recipient {row[1]}" for row in rows]


async def _stuck(read: Reader) -> Iterable[str]:
    logs = tables.message_logs.c
    now = int(read.now.timestamp() * MICROS)
    overdue = or_(logs.lease_until.is_(None), logs.lease_until < now - STUCK_SECONDS * MICROS)
    sending = await _logs(read, and_(logs.status == "sending", overdue))
    pending = await _logs(
        read, and_(logs.status == "pending", logs.due_at < now - LATE_SECONDS * MICROS)
    )
    return [f"log {row.id} has been {row.status} for too long" for row in (*sending, *pending)]


async def _logs(read: Reader, where: Any) -> Rows:  # noqa: ANN401 - an expression
    return await read.rows("messaging", select(tables.message_logs).where(where))


CHECKS: Final = (
    Check("messaging: every status is honest", _honest),
    Check("messaging: one log per message and recipient", _once),
    Check("messaging: nothing is sending or waiting for ever", _stuck, is_delivery=True),
)
