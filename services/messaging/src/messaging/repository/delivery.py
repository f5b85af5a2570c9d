"""Statements of the sender: the queue in `message_logs`, the bucket, the chats."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    bindparam,
    false,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.domain.delivery import CHAT_MICROS, Status
from messaging.models import Message, MessageLog, TelegramChat, TelegramPace
from messaging.repository.clock import Micros
from shared.db.engine import View
from shared.db.upsert import insert_into
from shared.users import UserReplica

THE_BOT: Final = 1
LOGS: Final = cast("Table", MessageLog.__table__)
CHATS: Final = cast("Table", TelegramChat.__table__)

# Written out, not bound: a partial index serves only a condition that the planner can read.
IS_PENDING: Final = MessageLog.status == literal_column(f"'{Status.PENDING}'")
IS_SENDING: Final = MessageLog.status == literal_column(f"'{Status.SENDING}'")


@dataclass(frozen=True, slots=True)
class Due:
    """A row that may be sent now."""

    log_id: int
    tries: int
    chat_id: int
    text: str


# --- the bucket


async def get_pace_for_update(tx: AsyncSession) -> tuple[int, int]:
    """
    Lock the bucket until *tx* ends; return (next free slot, paused until).

    Whoever claims holds it, so claims of all replicas happen one after the other.
    """
    statement = (
        select(TelegramPace.next_at, TelegramPace.paused_until)
        .where(TelegramPace.id == THE_BOT)
        .with_for_update()
    )
    row = (await tx.execute(statement)).first()
    if row is None:
        new = insert_into(tx, TelegramPace).values(id=THE_BOT, next_at=0, paused_until=0)
        await tx.execute(new.on_conflict_do_nothing())
        row = (await tx.execute(statement)).one()
    return row.next_at, row.paused_until


async def set_next_slot(tx: AsyncSession, next_at: int) -> None:
    """Say from when on slots are free."""
    await tx.execute(update(TelegramPace).where(TelegramPace.id == THE_BOT).values(next_at=next_at))


async def set_paused_until(tx: AsyncSession, until: int) -> None:
    """Let the whole bot wait."""
    await tx.execute(
        update(TelegramPace).where(TelegramPace.id == THE_BOT).values(paused_until=until)
    )


# --- the queue


def _pending() -> Select[Any]:
    return (
        select(MessageLog.id)
        .join(UserReplica, UserReplica.id == MessageLog.recipient_id)
        .where(IS_PENDING, MessageLog.due_at <= bindparam("now"))
    )


def is_past(earliest: Select[Any]) -> ColumnElement[bool]:
    """Tell whether the *earliest* moment, the least of some, has come."""
    # The least of a partial index, because for EXISTS PostgreSQL reads the whole table where it
    # believes that a row will turn up soon; of a year's rows the waiting ones are the last.
    return func.coalesce(earliest.scalar_subquery() < Micros(), false())


IS_DUE: Final = is_past(select(func.min(MessageLog.due_at)).where(IS_PENDING))
_HAS_DUE: Final = select(IS_DUE)
_DUE: Final = (
    _pending()
    .add_columns(MessageLog.tries, UserReplica.telegram_id, Message.text)
    .join(Message, Message.id == MessageLog.message_id)
    .outerjoin(TelegramChat, TelegramChat.chat_id == UserReplica.telegram_id)
    .where(
        UserReplica.telegram_id.is_not(None),
        or_(
            TelegramChat.next_at.is_(None),
            ~TelegramChat.next_at.between(bindparam("after_slot"), bindparam("far")),
        ),
    )
    .order_by(MessageLog.due_at, MessageLog.id)
    .limit(bindparam("most"))
    .with_for_update(of=MessageLog, skip_locked=True)
)


async def has_due(view: View) -> bool:
    """Tell whether anything waits to be sent."""
    return bool(await view.scalar(_HAS_DUE))


async def count_pending(view: AsyncSession) -> int:
    """Return how many rows wait to be sent."""
    return int(await view.scalar(select(func.count()).select_from(LOGS).where(IS_PENDING)) or 0)


async def list_due_for_update(tx: AsyncSession, *, now: int, slot: int, most: int) -> list[Due]:
    """
    Lock rows that may go out at *slot*: the oldest first, none whose chat has to wait.

    Who would have to wait longer than the gap was told so before a clock went back.
    """
    chats = {"after_slot": slot + 1, "far": slot + CHAT_MICROS}
    rows = await tx.execute(_DUE, {"now": now, "most": most, **chats})
    return [Due(row.id, row.tries, row.telegram_id, row.text) for row in rows]


async def mark_sending(
    tx: AsyncSession, ids: Sequence[int], *, attempt: str, lease_until: int
) -> None:
    """Give the rows to *attempt* until the lease ends."""
    await tx.execute(
        update(MessageLog)
        .where(MessageLog.id.in_(ids), MessageLog.status == Status.PENDING)
        .values(status=Status.SENDING, attempt=attempt, lease_until=lease_until)
    )


_MINE: Final = (LOGS.c.id == bindparam("log_id")) & (LOGS.c.attempt == bindparam("of_attempt"))
_FINISH: Final = (
    update(LOGS)
    .where(_MINE, or_(LOGS.c.status == Status.SENDING, LOGS.c.status == Status.FAILED))
    .values(
        status=bindparam("new_status"),
        error=bindparam("new_error"),
        sent_at=bindparam("at"),
        lease_until=None,
    )
)
_RETURN: Final = (
    update(LOGS)
    .where(_MINE, LOGS.c.status == Status.SENDING)
    .values(
        status=Status.PENDING,
        due_at=bindparam("due"),
        tries=LOGS.c.tries + bindparam("more_tries"),
        attempt=None,
        lease_until=None,
    )
)
_RELEASE: Final = (
    update(LOGS)
    .where(LOGS.c.attempt == bindparam("of_attempt"), LOGS.c.status == Status.SENDING)
    .values(status=Status.PENDING, attempt=None, lease_until=None)
)


async def finish(tx: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Write down ends: also over a row that others called unknown, if it is still this attempt."""
    await (await tx.connection()).execute(_FINISH, rows)


async def return_to_queue(tx: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Let rows wait again; only those nobody has given up in the meantime."""
    await (await tx.connection()).execute(_RETURN, rows)


async def release(tx: AsyncSession, attempts: Sequence[str]) -> None:
    """Undo claims whose commit failed, or seemed to: nothing of them was sent."""
    rows = [{"of_attempt": attempt} for attempt in attempts]
    await (await tx.connection()).execute(_RELEASE, rows)


# --- chats


async def set_chat_slots(tx: AsyncSession, slots: dict[int, int]) -> None:
    """Say for each chat when it may get its next message."""
    statement = insert_into(tx, CHATS)
    statement = statement.on_conflict_do_update(
        index_elements=["chat_id"], set_={"next_at": statement.excluded.next_at}
    )
    rows = [{"chat_id": chat, "next_at": slots[chat]} for chat in sorted(slots)]
    await (await tx.connection()).execute(statement, rows)


async def get_chat_slot(tx: AsyncSession, chat_id: int) -> int:
    """Return when the chat may get its next message; 0 when it never got one."""
    return int(
        await tx.scalar(select(TelegramChat.next_at).where(TelegramChat.chat_id == chat_id)) or 0
    )


async def set_unreachable(tx: AsyncSession, chats: Sequence[int], since: datetime) -> None:
    """Mark chats that refuse us, from the first refusal on."""
    statement = insert_into(tx, CHATS)
    statement = statement.on_conflict_do_update(
        index_elements=["chat_id"],
        set_={
            "unreachable_since": func.coalesce(
                CHATS.c.unreachable_since, statement.excluded.unreachable_since
            )
        },
    )
    rows = [
        {"chat_id": chat, "next_at": 0, "unreachable_since": since} for chat in sorted(set(chats))
    ]
    await (await tx.connection()).execute(statement, rows)


async def set_reachable(tx: AsyncSession, chats: Sequence[int]) -> None:
    """Take the mark off chats that were written to, or that wrote to us."""
    await tx.execute(
        update(TelegramChat)
        .where(TelegramChat.chat_id.in_(chats), TelegramChat.unreachable_since.is_not(None))
        .values(unreachable_since=None)
    )
