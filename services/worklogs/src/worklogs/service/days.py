"""The days: rows for everybody employed, made at midnight, at start and when somebody is hired."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import local_day
from worklogs import domain
from worklogs.domain import Change, Period
from worklogs.repository import employment, logs
from worklogs.repository.logs import EmployeeDay

DAYS_AT_ONCE: Final = 31
"""Days opened in one transaction; a long absence must not hold the write lock for long."""
UNHEARD_AT_ONCE: Final = 100


async def is_day_open(view: AsyncSession, *, now: datetime, zone: str) -> bool:
    """Tell whether there is nothing to do today; costs two small reads and no lock."""
    through = await employment.find_opened_through(view)
    if not domain.is_open(through, local_day(now, zone)):
        return False
    return not await employment.list_unheard(view, 1)


@dataclass(frozen=True, slots=True)
class Opened:
    """What one round of the day's job did."""

    days: list[date]
    rows: int = 0


async def open_days(tx: AsyncSession, *, now: datetime, zone: str) -> Opened:
    """
    Make the rows of the next days that have none, for those employed on each of them.

    Any number of replicas may call it at any time; empty when every day up to today is open.
    """
    through = await employment.lock_opened_through(tx)
    await _hear_of_users(tx, now=now, zone=zone)
    today = local_day(now, zone)
    if domain.is_open(through, today):
        return Opened([])
    periods = {
        user_id: domain.employed_periods(changes, zone)
        for user_id, changes in (await employment.list_all_changes(tx)).items()
    }
    hired = min((one[0].first for one in periods.values()), default=None)
    first = domain.first_to_open(through, today, hired=hired)
    last = min(today, first + timedelta(days=DAYS_AT_ONCE - 1))
    rows = {
        (user_id, day)
        for user_id, mine in periods.items()
        for day in domain.employed_days(mine, first, last)
    }
    made = await logs.make_logs(tx, rows, now)
    await logs.recompute_logs(tx, rows)
    await employment.set_opened_through(tx, last)
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    return Opened(days, made)


async def note_user(
    tx: AsyncSession, user_id: int, change: Change, *, now: datetime, zone: str
) -> None:
    """
    Learn one version of a user; whoever turns out to be employed has his rows at once.

    It waits for the day's job first, always in this order: the job could not see who is hired
    by a transaction beside it, and would leave him without the row of the day it opens.
    """
    through = await employment.lock_opened_through(tx)
    known = await employment.list_changes(tx, user_id)
    if not await employment.add_change(tx, user_id, change):
        return
    before = domain.employed_periods(known, zone)
    after = domain.employed_periods([*known, change], zone)
    if before != after:
        end = max(through or date.min, local_day(now, zone))
        await _fit_rows(tx, user_id, after, end=end, now=now)


async def _hear_of_users(tx: AsyncSession, *, now: datetime, zone: str) -> None:
    """Take over what the replica learned from auth directly, as when events were lost."""
    for user in await employment.list_unheard(tx, UNHEARD_AT_ONCE):
        change = domain.change_of(
            version=user.version,
            role=user.role,
            is_active=user.is_active,
            created_at=user.created_at,
            changed_at=user.changed_at,
        )
        await note_user(tx, user.id, change, now=now, zone=zone)


async def _fit_rows(
    tx: AsyncSession, user_id: int, periods: list[Period], *, end: date, now: datetime
) -> None:
    """Make the rows up to *end* that employment asks for, and take away what it never justified."""
    wanted = domain.employed_days(periods, end - timedelta(days=domain.CATCH_UP_DAYS), end)
    recorded = await logs.list_recorded_days(tx, user_id)
    logged = await logs.list_logged_days(tx, user_id)
    if domain.is_employed_now(periods):
        wanted |= recorded
    made = {(user_id, day) for day in wanted - logged}
    await logs.make_logs(tx, made, now)
    await logs.recompute_logs(tx, made)
    never = {day for day in logged - recorded if not domain.was_employed(periods, day)}
    await logs.delete_logs(tx, user_id, never)


async def recompute(
    tx: AsyncSession, touched: Iterable[EmployeeDay], *, employees: set[int], now: datetime
) -> None:
    """Bring the logs of *touched* up to date; only *employees* get rows that are not there yet."""
    days = set(touched)
    await logs.make_logs(tx, {day for day in days if day[0] in employees}, now)
    await logs.recompute_logs(tx, days)
