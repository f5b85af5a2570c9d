"""Dumps of the PostgreSQL databases, all of the same moment, and reading them back."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import asyncpg

from hpa.errors import Refused
from hpa.pg_tools import PgTools

# Every change of consequence writes one of these in its transaction: who holds both tables in
# SHARE mode sees no change half told, and lets none begin.
STOP_WRITES: Final = "LOCK TABLE outbox, inbox IN SHARE MODE"
VERSION: Final = "SELECT current_setting('server_version_num')::int / 10000"


async def dump_databases(urls: Mapping[str, str], targets: Mapping[str, Path]) -> None:
    """Dump each of *urls* to its target, as of one moment in all of them."""
    async with AsyncExitStack() as stack:
        views = {name: await _connect(stack, url) for name, url in urls.items()}
        tools = PgTools(await next(iter(views.values())).fetchval(VERSION))
        async with AsyncExitStack() as locks:
            for url in urls.values():
                await _stop_writes(locks, url)
            snapshots = {name: await _snapshot(view) for name, view in views.items()}
        for name, url in urls.items():
            await asyncio.to_thread(tools.dump, plain(url), snapshots[name], targets[name])


async def restore_databases(urls: Mapping[str, str], sources: Mapping[str, Path]) -> None:
    """Replace what is in each of *urls* by the dump made of it."""
    async with AsyncExitStack() as stack:
        connections = {name: await _connect(stack, url) for name, url in urls.items()}
        tools = PgTools(await next(iter(connections.values())).fetchval(VERSION))
        for connection in connections.values():
            await connection.execute("DROP SCHEMA public CASCADE")
            await connection.execute("CREATE SCHEMA public")
        for name, url in urls.items():
            await asyncio.to_thread(tools.restore, plain(url), sources[name])


def plain(url: str) -> str:
    """Return the address as PostgreSQL's own programs write it."""
    return url.replace("postgresql+asyncpg:", "postgresql:", 1).replace("?ssl=", "?sslmode=")


async def _connect(stack: AsyncExitStack, url: str) -> asyncpg.Connection:
    try:
        connection = await asyncpg.connect(plain(url), timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        message = f"PostgreSQL cannot be reached: {error or type(error).__name__}"
        raise Refused(message) from None
    stack.push_async_callback(connection.close)
    return connection


async def _stop_writes(stack: AsyncExitStack, url: str) -> None:
    connection = await _connect(stack, url)
    await connection.execute("SET lock_timeout = '10s'")
    await stack.enter_async_context(connection.transaction())
    try:
        await connection.execute(STOP_WRITES)
    except asyncpg.LockNotAvailableError:
        message = "a database is too busy for a backup: try again"
        raise Refused(message) from None


async def _snapshot(view: asyncpg.Connection) -> str:
    # Open until the dump is made; closing the connection ends it.
    await view.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    name: str = await view.fetchval("SELECT pg_export_snapshot()")
    return name
