"""Statements on links, on who can be reached, and on the poller's place in the updates."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.domain.listing import Part
from messaging.models import TelegramChat, TelegramLink, TelegramPoller
from messaging.repository.clock import get_now
from shared.db.upsert import insert_into
from shared.users import UserReplica

THE_POLLER: Final = 1

StudentRow = Row[int, str, str, int | None, datetime | None]


async def is_student(tx: AsyncSession, user_id: int) -> bool:
    """Tell whether there is an active student with this id."""
    statement = select(UserReplica.id).where(
        UserReplica.id == user_id, UserReplica.role == "student", UserReplica.is_active
    )
    return (await tx.execute(statement)).first() is not None


async def add_link(tx: AsyncSession, link: TelegramLink) -> None:
    """Store a link, and forget those that have expired."""
    await tx.execute(delete(TelegramLink).where(TelegramLink.expires_at < link.created_at))
    tx.add(link)
    await tx.flush()


async def find_link_for_update(tx: AsyncSession, token_hash: str) -> TelegramLink | None:
    """Lock the link with this token, so that two chats cannot both use it."""
    statement = select(TelegramLink).where(TelegramLink.token_hash == token_hash)
    found: TelegramLink | None = await tx.scalar(statement.with_for_update())
    return found


async def list_students(
    view: AsyncSession, *, is_linked: bool | None, search: str, part: Part
) -> tuple[Sequence[StudentRow], int]:
    """Return active students by name, with their chats, and how many there are."""
    is_reachable = and_(
        UserReplica.telegram_id.is_not(None), TelegramChat.unreachable_since.is_(None)
    )
    conditions = [UserReplica.role == "student", UserReplica.is_active]
    if is_linked is not None:
        conditions.append(is_reachable if is_linked else ~is_reachable)
    if search:
        conditions.append(
            or_(
                UserReplica.full_name.icontains(search, autoescape=True),
                UserReplica.username.icontains(search, autoescape=True),
            )
        )
    chats = (TelegramChat, TelegramChat.chat_id == UserReplica.telegram_id)
    statement = (
        select(
            UserReplica.id,
            UserReplica.username,
            UserReplica.full_name,
            UserReplica.telegram_id,
            TelegramChat.unreachable_since,
        )
        .outerjoin(*chats)
        .where(*conditions)
        .order_by(UserReplica.full_name, UserReplica.id)
        .offset(part.offset)
    )
    if part.limit is None:
        rows = (await view.execute(statement)).all()
        return rows, len(rows)
    rows = (await view.execute(statement.limit(part.limit))).all()
    count = select(func.count()).select_from(UserReplica).outerjoin(*chats).where(*conditions)
    return rows, int(await view.scalar(count) or 0)


async def take_poller_lease(tx: AsyncSession, owner: str, micros: int) -> int | None:
    """Become or stay the poller for *micros*; return the next update's id, or None."""
    statement = select(TelegramPoller).where(TelegramPoller.id == THE_POLLER).with_for_update()
    poller = await tx.scalar(statement)
    if poller is None:
        fresh: dict[str, Any] = {"id": THE_POLLER, "owner": "", "lease_until": 0, "next_update": 0}
        await tx.execute(insert_into(tx, TelegramPoller).values(fresh).on_conflict_do_nothing())
        poller = await tx.scalar(statement)
    now = await get_now(tx)
    if poller is None or (poller.owner != owner and poller.lease_until > now):
        return None
    poller.owner, poller.lease_until = owner, now + micros
    await tx.flush()
    return poller.next_update


async def set_next_update(tx: AsyncSession, owner: str, next_update: int) -> bool:
    """Remember that everything before *next_update* was handled. False: another one polls now."""
    statement = (
        update(TelegramPoller)
        .where(TelegramPoller.id == THE_POLLER, TelegramPoller.owner == owner)
        .values(next_update=next_update)
    )
    return int(getattr(await tx.execute(statement), "rowcount", 0)) == 1


async def release_poller_lease(tx: AsyncSession, owner: str) -> None:
    """Let another replica poll at once."""
    await tx.execute(
        update(TelegramPoller)
        .where(TelegramPoller.id == THE_POLLER, TelegramPoller.owner == owner)
        .values(lease_until=0)
    )
