"""Use cases of the sender: claim, settle, pause, and end what nobody can finish."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from messaging.domain.delivery import (
    AHEAD_MICROS,
    CHAT_MICROS,
    MICROS,
    NO_CHAT,
    NO_TOKEN,
    UNKNOWN,
    Pace,
    Sending,
    Settled,
    Status,
    Verdict,
)
from messaging.repository import clock, sweeping
from messaging.repository import delivery as repository
from shared.db.engine import View

EXTRA: Final = 8
"""Rows looked at beyond the slots: of several for one chat only the first is taken."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim brought."""

    sendings: tuple[Sending, ...]
    now: int
    """The database's clock at the claim …"""
    read_at: float
    """… and this process's monotonic one at the same moment."""
    wait: float = 0.0
    """Seconds until it makes sense to claim again: a pause, or other replicas' slots."""


async def claim(
    tx: AsyncSession, pace: Pace, *, attempt: str, most: int, within: float = 0.0
) -> Claimed:
    """
    Take at most *most* rows, reserve their slots and make them `sending`; *within* so many seconds.

    The commit of *tx* comes before any call: whoever dies in between leaves a row that says so.
    """
    next_at, paused_until = await repository.get_pace_for_update(tx)
    now = await clock.get_now(tx)
    read_at = time.monotonic()
    if paused_until > now:
        return Claimed((), now, read_at, (paused_until - now) / MICROS)
    slot = pace.first_slot(now, next_at, within=within)
    if slot - now > AHEAD_MICROS:
        return Claimed((), now, read_at, (slot - now - AHEAD_MICROS) / MICROS)
    due = await repository.list_due_for_update(tx, now=now, slot=slot, most=most + EXTRA)
    first_of_chat = {row.chat_id: row for row in reversed(due)}
    rows = sorted(first_of_chat.values(), key=due.index)[:most]
    if not rows:
        return Claimed((), now, read_at)
    sendings = tuple(
        Sending(row.log_id, attempt, row.chat_id, row.text, row.tries, slot + place * pace.gap)
        for place, row in enumerate(rows)
    )
    lease = now + pace.lease
    await repository.mark_sending(
        tx, [each.log_id for each in sendings], attempt=attempt, lease_until=lease
    )
    await repository.set_chat_slots(
        tx, {each.chat_id: each.slot + CHAT_MICROS for each in sendings}
    )
    await repository.set_next_slot(tx, slot + len(sendings) * pace.gap)
    return Claimed(sendings, now, read_at)


async def reserve_slot(tx: AsyncSession, pace: Pace, chat_id: int) -> float | None:
    """
    Reserve one slot for an answer of the bot and return the wait until then.

    None while the bot is paused, or when the chat just got something: who knocks all the time
    must not take the slots of a broadcast.
    """
    next_at, paused_until = await repository.get_pace_for_update(tx)
    now = await clock.get_now(tx)
    slot = pace.first_slot(now, next_at)
    chat_at = await repository.get_chat_slot(tx, chat_id)
    if paused_until > now or slot < chat_at <= slot + CHAT_MICROS:
        return None
    await repository.set_chat_slots(tx, {chat_id: slot + CHAT_MICROS})
    await repository.set_next_slot(tx, slot + pace.gap)
    return (slot - now) / MICROS


async def release(tx: AsyncSession, attempts: Sequence[str]) -> None:
    """Give back claims of which nothing was sent."""
    await repository.release(tx, attempts)


async def pause(tx: AsyncSession, seconds: float) -> None:
    """Let the whole bot wait, on every replica; a longer pause stays."""
    _, paused_until = await repository.get_pace_for_update(tx)
    until = await clock.get_now(tx) + round(seconds * MICROS)
    if until > paused_until:
        await repository.set_paused_until(tx, until)


async def settle(tx: AsyncSession, settled: Sequence[Settled], *, at: datetime) -> None:
    """Write outcomes down, each only over the attempt it belongs to."""
    now = await clock.get_now(tx)
    ordered = sorted(settled, key=lambda each: each.sending.log_id)
    ended = [_end(each, at) for each in ordered if each.outcome.is_final]
    waiting = [_return(each, now) for each in ordered if not each.outcome.is_final]
    if ended:
        await repository.finish(tx, ended)
    if waiting:
        await repository.return_to_queue(tx, waiting)
    gone = [each.sending.chat_id for each in ordered if each.outcome.is_unreachable]
    reached = [each.sending.chat_id for each in ordered if each.outcome.verdict is Verdict.SENT]
    if gone:
        await repository.set_unreachable(tx, gone, at)
    if reached:
        await repository.set_reachable(tx, reached)


def _end(each: Settled, at: datetime) -> dict[str, Any]:
    is_sent = each.outcome.verdict is Verdict.SENT
    return _mine(each) | {
        "new_status": Status.SENT if is_sent else Status.FAILED,
        "new_error": each.outcome.error,
        "at": at if is_sent else None,
    }


def _return(each: Settled, now: int) -> dict[str, Any]:
    counts = each.outcome.verdict is Verdict.FAULT
    due = now + round(max(0.0, each.resume_at - time.monotonic()) * MICROS)
    return _mine(each) | {"due": due, "more_tries": int(counts)}


def _mine(each: Settled) -> dict[str, Any]:
    return {"log_id": each.sending.log_id, "of_attempt": each.sending.attempt}


async def has_due(view: View) -> bool:
    """Tell whether it is worth to claim; takes no lock."""
    return await repository.has_due(view)


async def count_pending(view: AsyncSession) -> int:
    """Return how many messages wait, each to one student; takes no lock."""
    return await repository.count_pending(view)


async def needs_sweep(view: View, *, has_token: bool) -> bool:
    """Tell whether there is something to end; takes no lock."""
    return await sweeping.has_trouble(view, has_token=has_token)


async def sweep(tx: AsyncSession, *, has_token: bool) -> bool:
    """
    End what nobody will finish; tell whether there may be more of it.

    Found `sending` past its lease: it may have been delivered, so it fails as unknown and never
    waits again. No chat, or no bot: it fails at once, with the reason.
    """
    now = await clock.get_now(tx)
    await sweeping.fail_lost(tx, now=now, error=UNKNOWN)
    if has_token:
        ended = await sweeping.fail_unlinked(tx, no_chat=NO_CHAT)
    else:
        ended = await sweeping.fail_all(tx, no_chat=NO_CHAT, no_token=NO_TOKEN)
    return ended == sweeping.LOOKED_AT
