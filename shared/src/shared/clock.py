"""The only reader of the clock: everything else takes `now` as an argument."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def utcnow() -> datetime:
    """Return the present moment as an aware UTC datetime."""
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def local_day(moment: datetime, zone: str) -> date:
    """Return the calendar day of *moment* in the IANA time zone *zone*."""
    return moment.astimezone(ZoneInfo(zone)).date()
