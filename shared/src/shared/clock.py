"""The only reader of the clock: everything else takes `now` as an argument."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)


def utcnow() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def local_day(moment: datetime, zone: str) -> date:
    """Return the calendar day of *moment* in the IANA time zone *zone*."""
    return moment.astimezone(ZoneInfo(zone)).date()


def midnight(day: date, zone: str, *, after: int = 0) -> datetime:
    """
    Return the moment in UTC when *day*, or so many days *after* it, begins in *zone*.

    The first and last days of the calendar give the ends of what can be told apart.
    """
    try:
        start = datetime.combine(day + timedelta(days=after), time(), ZoneInfo(zone))
        return start.astimezone(UTC)
    except OverflowError:
        return FIRST if day.year == 1 else LAST
