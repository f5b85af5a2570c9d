"""Use cases around a message: write it, read it, change it, cancel it, send the rest again."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from messaging.domain.delivery import Status
from messaging.domain.listing import Part, Progress, Wanted
from messaging.errors import NoRecipients
from messaging.repository import delivery
from messaging.repository import messages as repository
from messaging.repository.messages import MessageRow

Written = MessageRow
"""A message with its logs, as the database wrote them."""


async def create_message(
    tx: AsyncSession, *, text: str, recipient_ids: Sequence[int], sent_by: int, now: datetime
) -> Written:
    """
    Queue *text* for the active students among *recipient_ids*, once each, in their order.

    Raises `NoRecipients` when nobody is left. Ids that may be new must be resolved before.
    """
    wanted = list(dict.fromkeys(recipient_ids))
    students = await repository.find_students(tx, wanted)
    names = {each: students[each] for each in wanted if each in students}
    if not names:
        raise NoRecipients
    message_id = await repository.add_message(tx, text=text, sent_by=sent_by, now=now)
    await repository.add_logs(tx, message_id, names)
    return await get_message(tx, message_id)


async def get_message(tx: AsyncSession, message_id: int) -> Written:
    """Return a message with its logs. Raises `MessageNotFound`."""
    return await repository.get_message(tx, message_id)


async def list_messages(
    view: AsyncSession, wanted: Wanted, part: Part
) -> tuple[AsyncIterator[Written], int | None]:
    """Return messages with their logs, newest first, and with a limit how many there are at all."""
    total = None if part.limit is None else await repository.count_messages(view, wanted)
    return repository.list_messages(view, wanted, part), total


async def require_message(tx: AsyncSession, message_id: int) -> None:
    """Raise `MessageNotFound` when there is none."""
    await repository.require_message(tx, message_id)


async def update_message(tx: AsyncSession, message_id: int, text: str | None) -> Written:
    """
    Change the text; what is claimed from now on is sent with the new one.

    Claims hold the bucket, so none is half-way between reading the text and its commit.
    """
    if text is not None:
        await delivery.get_pace_for_update(tx)
        await repository.set_text(tx, message_id, text)
    return await get_message(tx, message_id)


async def delete_message(tx: AsyncSession, message_id: int) -> None:
    """Cancel what is pending and forget the message. Raises `MessageNotFound`."""
    await delivery.get_pace_for_update(tx)
    await require_message(tx, message_id)
    await repository.lock_logs(tx, message_id)
    await repository.delete_message(tx, message_id)


async def retry_message(tx: AsyncSession, message_id: int) -> Written:
    """Queue the failed recipients again, doubtful ones too: a person asked for it."""
    await require_message(tx, message_id)
    await repository.lock_logs(tx, message_id, Status.FAILED)
    await repository.queue_failed(tx, message_id)
    return await get_message(tx, message_id)


async def get_progress(tx: AsyncSession, message_id: int) -> Progress:
    """Return how far a message came. Raises `MessageNotFound`."""
    await require_message(tx, message_id)
    counts = await repository.count_by_status(tx, message_id)
    sent, failed = counts.get(Status.SENT, 0), counts.get(Status.FAILED, 0)
    total = sum(counts.values())
    return Progress(total=total, pending=total - sent - failed, sent=sent, failed=failed)
