"""Statements that end what nobody will finish: rows that are lost, without a chat or a bot."""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Update,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.domain.delivery import Status
from messaging.models import MessageLog
from messaging.repository.clock import Micros
from messaging.repository.delivery import IS_DUE, IS_PENDING, IS_SENDING, LOGS, is_past
from shared.db.engine import View
from shared.users import UserReplica

LOOKED_AT: Final = 5000
"""How many of the next rows are looked at for those that cannot be sent."""

_IS_LOST: Final = is_past(select(func.min(MessageLog.lease_until)).where(IS_SENDING))
_HEAD: Final = (
    select(MessageLog.id, MessageLog.recipient_id)
    .where(IS_PENDING, MessageLog.due_at <= Micros())
    .order_by(MessageLog.due_at, MessageLog.id)
    .limit(LOOKED_AT)
    .subquery()
)


def _has_chat(log: FromClause) -> ColumnElement[bool | None]:
    """Tell whether its student has a chat; NULL of a student who is not known here."""
    # A value for each row, because a join may be planned as a product of both tables: PostgreSQL
    # hears late of how many rows wait.
    return (
        select(UserReplica.telegram_id.is_not(None))
        .where(UserReplica.id == log.c.recipient_id)
        .scalar_subquery()
    )


_UNLINKED: Final = select(_HEAD.c.id).where(_has_chat(_HEAD).is_(false()))
_HAS_TROUBLE: Final = {
    True: select(or_(_IS_LOST, _UNLINKED.exists())),
    False: select(or_(_IS_LOST, IS_DUE)),
}


def _fail(hopeless: Select[Any], error: ColumnElement[str]) -> Update:
    """Return what ends *hopeless* rows of the head of the queue, if nobody else has them."""
    # Within the UPDATE: Python counts no rows on SQLite where a statement begins with WITH.
    locked = (
        select(LOGS.c.id)
        .where(IS_PENDING, LOGS.c.id.in_(hopeless))
        .order_by(LOGS.c.id)
        .with_for_update(skip_locked=True)
        .cte("locked", nesting=True)
    )
    return (
        update(LOGS)
        .where(LOGS.c.id.in_(select(locked.c.id)))
        .values(status=Status.FAILED, error=error, attempt=None, lease_until=None)
    )


_FAIL_UNLINKED: Final = _fail(_UNLINKED, bindparam("no_chat", type_=Text))
_FAIL_ALL: Final = _fail(
    select(_HEAD.c.id).where(_has_chat(_HEAD).is_not(None)),
    case(
        (_has_chat(LOGS), bindparam("no_token", type_=Text)),
        else_=bindparam("no_chat", type_=Text),
    ),
)


async def has_trouble(view: View, *, has_token: bool) -> bool:
    """Tell whether rows are lost or can never be sent."""
    return bool(await view.scalar(_HAS_TROUBLE[has_token]))


async def fail_unlinked(tx: AsyncSession, *, no_chat: str) -> int:
    """End due rows of students without a chat, `LOOKED_AT` at most. Return how many there were."""
    return await _count(tx, _FAIL_UNLINKED, {"no_chat": no_chat})


async def fail_all(tx: AsyncSession, *, no_chat: str, no_token: str) -> int:
    """End due rows, `LOOKED_AT` at most: nobody can send them. Return how many there were."""
    return await _count(tx, _FAIL_ALL, {"no_chat": no_chat, "no_token": no_token})


async def _count(tx: AsyncSession, statement: Update, parameters: dict[str, Any]) -> int:
    return (await (await tx.connection()).execute(statement, parameters)).rowcount


async def fail_lost(tx: AsyncSession, *, now: int, error: str) -> int:
    """End rows whose lease is over; they keep their attempt, in case its owner knows better."""
    statement = (
        select(MessageLog.id)
        .where(IS_SENDING, MessageLog.lease_until < now)
        .order_by(MessageLog.id)
        .with_for_update(skip_locked=True)
    )
    ids = list(await tx.scalars(statement))
    if ids:
        await tx.execute(
            update(MessageLog)
            .where(MessageLog.id.in_(ids), MessageLog.status == Status.SENDING)
            .values(status=Status.FAILED, error=error, lease_until=None)
        )
    return len(ids)
