"""Use cases around the bot: links, /start, blocked chats, and the poller's turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from messaging.domain import links as domain
from messaging.domain.delivery import MICROS
from messaging.domain.links import Blocked, Reply, Started
from messaging.domain.listing import Part
from messaging.errors import StudentUnknown
from messaging.models import TelegramLink
from messaging.repository import delivery
from messaging.repository import links as repository
from messaging.repository.links import StudentRow
from shared.contracts.messaging import TelegramLinkedV1
from shared.events.outbox import emit


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot says to whom."""

    chat_id: int
    text: str


async def create_link(
    tx: AsyncSession, *, user_id: int, created_by: int, life: timedelta, now: datetime
) -> tuple[str, datetime]:
    """Return the token of a new link for a student and when it expires. Raises `StudentUnknown`."""
    if not await repository.is_student(tx, user_id):
        raise StudentUnknown(user_id)
    token, expires_at = domain.new_token(), now + life
    link = TelegramLink(
        token_hash=domain.hash_of(token),
        user_id=user_id,
        created_by=created_by,
        created_at=now,
        expires_at=expires_at,
    )
    await repository.add_link(tx, link)
    return token, expires_at


async def list_links(
    view: AsyncSession, *, is_linked: bool | None, search: str, part: Part
) -> tuple[Sequence[StudentRow], int]:
    """Return active students with their chats; *is_linked* false: those nobody can write to."""
    return await repository.list_students(view, is_linked=is_linked, search=search, part=part)


async def handle_update(tx: AsyncSession, update: object, *, now: datetime) -> Answer | None:
    """Do what an update of Telegram means; return what the bot says to it, if anything."""
    event = domain.read_update(update)
    if isinstance(event, Blocked):
        await delivery.set_unreachable(tx, [event.chat_id], now)
    if isinstance(event, Started):
        return Answer(event.chat_id, await _start(tx, event, now))
    return None


async def _start(tx: AsyncSession, event: Started, now: datetime) -> Reply:
    await delivery.set_reachable(tx, [event.chat_id])
    if event.token is None:
        return Reply.WELCOME
    link = await repository.find_link_for_update(tx, domain.hash_of(event.token))
    if link is None or not domain.may_use(link, event.chat_id, now):
        return Reply.EXPIRED
    if link.used_at is None:
        link.used_at, link.chat_id = now, event.chat_id
        await emit(
            tx, TelegramLinkedV1(user_id=link.user_id, telegram_id=event.chat_id, linked_at=now)
        )
    return Reply.LINKED


async def take_turn(tx: AsyncSession, owner: str, seconds: float) -> int | None:
    """Become or stay the one replica that polls; return from which update on, or None."""
    return await repository.take_poller_lease(tx, owner, round(seconds * MICROS))


async def pass_update(tx: AsyncSession, owner: str, update_id: int) -> bool:
    """Remember that an update was handled. False: the turn was lost, undo what it did."""
    return await repository.set_next_update(tx, owner, update_id + 1)


async def end_turn(tx: AsyncSession, owner: str) -> None:
    """Let another replica poll at once."""
    await repository.release_poller_lease(tx, owner)
