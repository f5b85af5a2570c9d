"""The databases of a running suite, opened beside their services."""

import asyncpg

from shared.db.engine import Database
from tests.e2e.local import Processes


async def database_of(running: Processes, server: str | None, service: str) -> Database:
    """Open a service's own database: of the PostgreSQL at *server*, else its file."""
    if server is None:
        (path,) = running.folder.rglob(f"{service}.sqlite3")
        return Database(f"sqlite+aiosqlite:///{path}")
    connection = await asyncpg.connect(f"{server}/postgres")
    names = await connection.fetch("SELECT datname FROM pg_database")
    await connection.close()
    (name,) = (row["datname"] for row in names if row["datname"].endswith(f"_{service}"))
    return Database(f"{server.replace('postgresql:', 'postgresql+asyncpg:')}/{name}")
