"""Does the database keep what it acknowledged, through a loss of power, too?"""

from typing import Final

from sqlalchemy import text

from shared.db.engine import Database
from shared.settings import refuse

RISKY: Final = ("fsync", "full_page_writes", "synchronous_commit")
FULL: Final = 2
"""SQLite's `synchronous`: from here on each commit is synced."""


async def require_durable(database: Database) -> None:
    """End this process when *database* may lose commits; in production that is refused."""
    if why := await danger_of(database):
        refuse(why)


async def danger_of(database: Database) -> str:
    """Say by which setting *database* may lose what it acknowledged, empty when by none."""
    is_sqlite = database.dialect == "sqlite"
    return await (_danger_of_sqlite(database) if is_sqlite else _danger_of_postgresql(database))


async def _danger_of_postgresql(database: Database) -> str:
    async with database.reading() as tx:
        for name in RISKY:
            value = await tx.scalar(text("SELECT current_setting(:name)"), {"name": name})
            if value == "off":
                return f"PostgreSQL runs with {name} = off, which loses acknowledged commits"
    return ""


async def _danger_of_sqlite(database: Database) -> str:
    async with database.transaction() as tx:
        mode = await tx.scalar(text("PRAGMA journal_mode"))
        level = await tx.scalar(text("PRAGMA synchronous"))
    if level is None or level < FULL:
        return f"SQLite runs with synchronous = {level}, which loses acknowledged commits"
    if mode != "wal":  # a network's file system may refuse it
        return f"SQLite's journal is {mode}, not WAL: its readers would lock out every writer"
    return ""
