"""What a driver's error means: something that passes and is 503, or a fault of ours; why."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import Unavailable
from shared.telemetry.metrics import count_refusal

log = structlog.get_logger()

BUSY: Final = "The database is busy, try again later."
PASSING: Final = (
    PoolTimeout, OperationalError, InterfaceError, sqlite3.OperationalError, OSError, TimeoutError,
    asyncpg.InterfaceError,
)  # fmt: skip
PASSING_STATES: Final = ("57", "55P03", "53", "08", "40", "25P0")
"""PostgreSQL: shutting down, lock not available, out of resources, connection, deadlock."""
REASON_OF_STATE: Final = {"55P03": "database_locked", "40P01": "database_locked",
                          "57014": "database_slow", "53100": "disk_full"}  # fmt: skip
REASON_OF_SQLITE: Final = {
    sqlite3.SQLITE_BUSY: "database_locked",
    sqlite3.SQLITE_LOCKED: "database_locked",
    sqlite3.SQLITE_FULL: "disk_full",
}


def is_passing(error: BaseException) -> bool:
    """Tell whether *error* says that the database is locked, slow, full or away."""
    if isinstance(error, DBAPIError) and not isinstance(error, PASSING):
        cause = getattr(error.orig, "__cause__", None)
        is_away = error.connection_invalidated or isinstance(cause, OSError | TimeoutError)
        return is_away or _state(error.orig).startswith(PASSING_STATES)
    if isinstance(error, asyncpg.PostgresError):
        return _state(error).startswith(PASSING_STATES)
    return isinstance(error, PASSING)


@contextmanager
def translated() -> Iterator[None]:
    """Raise `Unavailable` for what passes; other faults go on as they are."""
    try:
        yield
    except Exception as error:
        if not is_passing(error):
            raise
        raise unavailable(error) from error


def unavailable(error: BaseException) -> Unavailable:
    """Return what the caller is told of a fault that passes; it is counted and logged."""
    return refusal(refusal_reason(error), error=brief(error))


def refusal(reason: str, **about: str) -> Unavailable:
    """Return the refusal for *reason*, a word of `REASONS`; it is counted and logged."""
    count_refusal(reason)
    log.warning("database unavailable", reason=reason, **about)
    return Unavailable(BUSY, reason=reason)


def refusal_reason(error: BaseException) -> str:
    """Name what makes the database unavailable, as logs, `/ready/` and metrics tell it."""
    original = getattr(error, "orig", None) or error
    code = getattr(original, "sqlite_errorcode", None)
    if code is not None:
        return REASON_OF_SQLITE.get(code & 0xFF, "database_away")  # the low byte is the kind
    if isinstance(original, TimeoutError | PoolTimeout):
        return "database_slow"
    return REASON_OF_STATE.get(_state(original), "database_away")


def brief(error: BaseException) -> str:
    """Name the fault without the statement and its parameters, which hold what users wrote."""
    original = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {str(original)[:200]}"


def _state(original: object) -> str:
    cause = getattr(original, "__cause__", None)
    return getattr(original, "sqlstate", None) or getattr(cause, "sqlstate", None) or ""
