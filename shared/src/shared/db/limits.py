"""What every connection to a database is opened with."""

from typing import Any, Final

STATEMENT_SECONDS: Final = 3
LOCK_SECONDS: Final = 2

POSTGRESQL: Final[dict[str, Any]] = {
    "timeout": 2,
    "command_timeout": STATEMENT_SECONDS,
    "server_settings": {
        "statement_timeout": str(STATEMENT_SECONDS * 1000),
        "lock_timeout": str(LOCK_SECONDS * 1000),
        "idle_in_transaction_session_timeout": "10000",
        "timezone": "UTC",
    },
}
"""What asyncpg connects with."""

SQLITE: Final = (
    f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}",
    "PRAGMA journal_mode=wal",
    "PRAGMA synchronous=full",
    "PRAGMA foreign_keys=on",
    "PRAGMA cache_size=-8000",
    "PRAGMA temp_store=memory",
)
"""What SQLite forgets when a connection closes."""


def lowered(value: object) -> object:
    """Stand in for SQLite's own `lower`, which knows ASCII only: Ўзбек has a case as well."""
    return value.lower() if isinstance(value, str) else value
