"""Use cases around a message: write it, read it, change it, cancel it, send the rest again."""

from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession

from messaging.domain.delivery import Status
from messaging.domain.draft import Draft
from messaging.domain.listing import Part, Progress, Wanted
from messaging.errors import NoRecipients
from messaging.repository import delivery, queueing
from messaging.repository import messages as repository
from messaging.repository.messages import MessageRow
from shared.db.brief import Writing

Written = MessageRow
"""A message with its logs, as the database wrote them."""


async def create_message(tx: Writing, draft: Draft) -> Written:
    """
    Queue a message for the active students among its recipients.

    Raises `NoRecipients` when there is none. Ids that may be new must be resolved before.
    """
    written = await queueing.add_message(tx, draft, even_unknown=True)
    if written is None:
        raise NoRecipients
    return written


async def create_message_to_known(tx: Writing, draft: Draft) -> Written | None:
    """
    Do the same, but nothing and return None without a student or with somebody unknown.

    Which of the two is not asked afterwards: whom an event made known meanwhile would be refused.
    """
    return await queueing.add_message(tx, draft, even_unknown=False)


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
