"""The drivers' own connections, as glances and briefs need them."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiosqlite
import asyncpg
import orjson
from sqlalchemy.engine import URL

from shared.db.limits import POSTGRESQL, SQLITE, lowered

Values = Sequence[Any]


class Connection(Protocol):
    """What is needed of a connection."""

    async def fetch(self, sql: str, values: Values) -> Iterable[Values]:
        """Return the rows of one statement. Raises what the driver raises."""

    async def run(self, sql: str) -> None:
        """Run one word that gives and takes nothing, like BEGIN."""

    def is_usable(self) -> bool:
        """Tell whether another statement may be sent."""

    async def close(self) -> None:
        """Close it, whatever it is doing."""


class Postgresql:
    """A connection of asyncpg, which prepares each statement once."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg has no types
        """Use *connection*."""
        self._connection = connection

    @classmethod
    async def open(cls, url: URL) -> "Postgresql":
        """Connect."""
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(plain, **POSTGRESQL)
        try:
            await connection.set_type_codec(
                "json", schema="pg_catalog", encoder=_dumps, decoder=orjson.loads
            )
        except BaseException:  # whoever opens it may be cancelled
            connection.terminate()
            raise
        return cls(connection)

    async def fetch(self, sql: str, values: Values) -> Iterable[Values]:
        """Return the rows of one statement."""
        found: list[Values] = await self._connection.fetch(sql, *values)
        return found

    async def run(self, sql: str) -> None:
        """Run one word, unprepared."""
        await self._connection.execute(sql)

    def is_usable(self) -> bool:
        """Tell whether the server still holds it."""
        return not self._connection.is_closed()

    async def close(self) -> None:
        """Close it without waiting for what it is doing."""
        self._connection.terminate()


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


class Sqlite:
    """A connection of sqlite3 in a thread of its own: one way there and back per statement."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        """Use *connection*."""
        self._connection = connection

    @classmethod
    async def open(cls, url: URL) -> "Sqlite":
        """Open the file."""
        connection = aiosqlite.connect(url.database or "", isolation_level=None)
        await connection
        try:
            for pragma in SQLITE:
                await connection.execute_fetchall(pragma)
            await connection.create_function("lower", 1, lowered, deterministic=True)
        except BaseException:  # whoever opens it may be cancelled
            await connection.close()
            raise
        return cls(connection)

    async def fetch(self, sql: str, values: Values) -> Iterable[Values]:
        """Return the rows of one statement."""
        return await self._connection.execute_fetchall(sql, values)

    async def run(self, sql: str) -> None:
        """Run one word."""
        await self._connection.execute_fetchall(sql)

    def is_usable(self) -> bool:
        """Tell that a file does not go away."""
        return True

    async def close(self) -> None:
        """Close it."""
        await self._connection.close()


class Connections:
    """Connections to one database, opened when they are first needed."""

    def __init__(self, url: URL) -> None:
        """Remember where the database is."""
        self._url = url
        self._kind = Sqlite if url.get_backend_name() == "sqlite" else Postgresql
        self.idle: list[Connection] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Connection]:
        """
        Lend a connection for the block, which must leave it without a transaction.

        After a fault it is closed: nobody knows what it would say next.
        """
        connection = await self._take()
        is_whole = False
        try:
            yield connection
            is_whole = True
        finally:
            if is_whole:
                self.idle.append(connection)
            else:
                await connection.close()

    async def close(self) -> None:
        """Close those that nobody uses."""
        while self.idle:
            await self.idle.pop().close()

    async def _take(self) -> Connection:
        while self.idle:
            connection = self.idle.pop()
            if connection.is_usable():
                return connection
        return await self._kind.open(self._url)
