"""Statements on messages and their logs, as people write and read them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Row, Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.domain.delivery import AT_ONCE, Status
from messaging.domain.listing import Part, Wanted
from messaging.errors import MessageNotFound
from messaging.models import Message, MessageLog
from messaging.repository.written import WRITTEN

AT_ONCE_READ: Final = 20
"""Messages fetched together; each may be a megabyte."""
SHOWN_AS: Final = {Status.PENDING: (Status.PENDING, Status.SENDING)}
"""Where clients see one state, two are stored."""

AnySelect = Select[*tuple[Any, ...]]
MessageRow = Row[int, str, int, datetime, str, str]
"""A message; its recipients and its logs are JSON already."""


async def require_message(tx: AsyncSession, message_id: int) -> None:
    """Raise `MessageNotFound` when there is none."""
    if await tx.scalar(select(Message.id).where(Message.id == message_id)) is None:
        raise MessageNotFound


async def get_message(tx: AsyncSession, message_id: int) -> MessageRow:
    """Return the message with its logs. Raises `MessageNotFound`."""
    row = (await tx.execute(_whole(tx).where(Message.id == message_id))).first()
    if row is None:
        raise MessageNotFound
    return row


def _whole(tx: AsyncSession) -> AnySelect:
    message = (Message.id, Message.text, Message.sent_by, Message.created_at)
    return select(*message, *WRITTEN[tx.get_bind().dialect.name])


async def lock_logs(tx: AsyncSession, message_id: int, *statuses: Status) -> None:
    """Lock the logs in the order in which the sender locks them: no deadlock."""
    statement = select(MessageLog.id).where(MessageLog.message_id == message_id)
    if statuses:
        statement = statement.where(MessageLog.status.in_(statuses))
    await tx.execute(statement.order_by(MessageLog.id).with_for_update())


async def set_text(tx: AsyncSession, message_id: int, text: str) -> None:
    """Change the text."""
    await tx.execute(update(Message).where(Message.id == message_id).values(text=text))


async def delete_message(tx: AsyncSession, message_id: int) -> None:
    """Delete the message with its logs."""
    await tx.execute(delete(Message).where(Message.id == message_id))


async def queue_failed(tx: AsyncSession, message_id: int) -> None:
    """Let the failed logs wait again, as if they were new."""
    await tx.execute(
        update(MessageLog)
        .where(MessageLog.message_id == message_id, MessageLog.status == Status.FAILED)
        .values(
            status=Status.PENDING, error=None, sent_at=None, due_at=AT_ONCE, tries=0, attempt=None
        )
    )


async def count_by_status(tx: AsyncSession, message_id: int) -> dict[str, int]:
    """Return how many logs are in which state."""
    statement = (
        select(MessageLog.status, func.count())
        .where(MessageLog.message_id == message_id)
        .group_by(MessageLog.status)
    )
    return {row[0]: row[1] for row in await tx.execute(statement)}


async def list_messages(
    view: AsyncSession, wanted: Wanted, part: Part
) -> AsyncIterator[MessageRow]:
    """Yield a part of the messages with all their logs, a few at a time: a list may be long."""
    page = _part(_wanted(_whole(view), wanted), part)
    async for row in await view.stream(page.execution_options(max_row_buffer=AT_ONCE_READ)):
        yield cast("MessageRow", row)


async def count_messages(view: AsyncSession, wanted: Wanted) -> int:
    """Return how many messages there are of those wanted."""
    count = _wanted(select(func.count()).select_from(Message), wanted)
    return int(await view.scalar(count) or 0)


def _wanted(statement: AnySelect, wanted: Wanted) -> AnySelect:
    if wanted.sent_by is not None:
        statement = statement.where(Message.sent_by == wanted.sent_by)
    if wanted.since is not None:
        statement = statement.where(Message.created_at >= wanted.since)
    if wanted.before is not None:
        statement = statement.where(Message.created_at < wanted.before)
    if wanted.search:
        statement = statement.where(Message.text.icontains(wanted.search, autoescape=True))
    return _with_log(statement, wanted)


def _with_log(statement: AnySelect, wanted: Wanted) -> AnySelect:
    log = select(MessageLog.id).where(MessageLog.message_id == Message.id)
    if wanted.student is not None:
        log = log.where(MessageLog.recipient_id == wanted.student)
    if wanted.status is not None:
        status = Status(wanted.status)
        log = log.where(or_(*(MessageLog.status == one for one in SHOWN_AS.get(status, (status,)))))
    if wanted.student is None and wanted.status is None:
        return statement
    return statement.where(log.exists())


ORDERS: Final = {"created_at": Message.created_at, "id": Message.id, "sent_by": Message.sent_by}


def _part(statement: AnySelect, part: Part) -> AnySelect:
    for name in part.ordering:
        column = ORDERS[name.removeprefix("-")]
        statement = statement.order_by(column.desc() if name.startswith("-") else column)
    statement = statement.order_by(Message.created_at.desc(), Message.id.desc())
    if part.limit is not None:
        statement = statement.limit(part.limit)
    return statement.offset(part.offset) if part.offset else statement
