"""Can the database be written? A full disk leaves it readable, so only writing tells."""

import asyncio
import os
import time
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from shared.clock import utcnow
from shared.db.engine import Database
from shared.db.upsert import insert_into
from shared.errors import Unavailable
from shared.events.tables import Inbox

FRESH_SECONDS: Final = 5.0
"""So long a write that went well proves that the next one would: one every 5 s costs nothing."""
PATIENCE_SECONDS: Final = 0.5
"""Who asks for the health waits no longer; what the write ends with is told to the next."""
LEAST_SPACE: Final = 1 << 20
PROBE: Final = {"consumer": "ready", "event_id": "probe"}


class WriteCheck:
    """Writes a row of its own when it is asked, at most every 5 s while all is well."""

    def __init__(self, database: Database) -> None:
        """Watch over *database*."""
        self._database = database
        self._proved_at = float("-inf")
        self._last = "ok"
        self._probing: asyncio.Task[None] | None = None

    async def state(self) -> str:
        """Return `ok`, or in one word why nothing can be written: `disk_full` or the like."""
        if self._is_disk_full():
            # The log of SQLite may have room of its own for a while, and then no more.
            return "disk_full"
        if time.monotonic() - self._proved_at < FRESH_SECONDS:
            return "ok"
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe(), name="write-check")
        await asyncio.wait({self._probing}, timeout=PATIENCE_SECONDS)
        return self._last if self._probing.done() or self._last != "ok" else "database_slow"

    async def close(self) -> None:
        """End what is under way."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait({self._probing})

    async def _probe(self) -> None:
        try:
            await self._write()
        except Unavailable as refused:
            self._last = refused.reason
        except SQLAlchemyError:
            self._last = "down"
        else:
            self._last, self._proved_at = "ok", time.monotonic()

    async def _write(self) -> None:
        row = {**PROBE, "handled_at": utcnow()}
        async with self._database.transaction(urgent=True) as tx:
            insert = insert_into(tx, Inbox).values([row])
            await tx.execute(
                insert.on_conflict_do_update(
                    index_elements=list(PROBE), set_={"handled_at": row["handled_at"]}
                )
            )

    def _is_disk_full(self) -> bool:
        """Look at the disk under SQLite; PostgreSQL's may be another machine's."""
        path = self._database.url.database
        if self._database.dialect != "sqlite" or path is None:
            return False
        try:
            found = os.statvfs(Path(path).parent)
        except OSError:
            return False  # the write will tell
        return found.f_bavail * found.f_frsize < LEAST_SPACE
