"""Reading the five databases, and the shape of a check."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Executable, RowMapping, TableClause, select

from shared.db.engine import Database

Rows = Sequence[Any]
CHUNK: Final = 2000


class Reader:
    """The databases of the suite, read only."""

    def __init__(self, urls: dict[str, str], *, now: datetime, zone: str) -> None:
        """Open *urls* (service → address); *now* is when the check is made."""
        self.now = now
        self.zone = zone
        self._databases = {service: Database(url) for service, url in urls.items()}

    async def rows(self, service: str, statement: Executable) -> Rows:
        """Return what *statement* finds in the database of *service*."""
        async with self._databases[service].reading() as view:
            return (await view.execute(statement)).all()

    async def maps(self, service: str, statement: Executable) -> Sequence[RowMapping]:
        """Return the same as mappings from column names."""
        async with self._databases[service].reading() as view:
            return (await view.execute(statement)).mappings().all()

    async def chunks(
        self, service: str, table: TableClause, key: str
    ) -> AsyncIterator[tuple[int, int, Rows]]:
        """Yield a large table in parts, by *key*, with the first and last key of each."""
        last = -1
        ordering = table.c[key]
        while True:
            statement = select(table).where(ordering > last).order_by(ordering).limit(CHUNK)
            rows = await self.rows(service, statement)
            if not rows:
                return
            first, last = getattr(rows[0], key), getattr(rows[-1], key)
            yield first, last, rows

    async def close(self) -> None:
        """Close the databases."""
        for database in self._databases.values():
            await database.close()


@asynccontextmanager
async def opened(urls: dict[str, str], *, now: datetime, zone: str) -> AsyncIterator[Reader]:
    """Open the databases for one check."""
    reader = Reader(urls, now=now, zone=zone)
    try:
        yield reader
    finally:
        await reader.close()


@dataclass(frozen=True)
class Check:
    """One promise: its name, and what finds where it is broken."""

    name: str
    find: Callable[[Reader], Awaitable[Iterable[str]]]
    is_delivery: bool = False
    """It holds once every event has arrived: a suite that is stopped may owe it."""
