"""Holding a database's lock, as another process does."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import asyncpg
from sqlalchemy.engine import make_url


@asynccontextmanager
async def locked(url: str, table: str = "subjects") -> AsyncIterator[None]:
    """Hold what every writer of *table* needs, as another process does."""
    if url.startswith("sqlite"):
        path = make_url(url).database
        with closing(sqlite3.connect(str(path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN SHARE MODE")
            yield
    finally:
        await connection.close()
