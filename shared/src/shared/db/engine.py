"""One database: short write transactions that one caller owns, and reads beside them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from shared.db.brief import Briefs, Writing
from shared.db.drivers import Connections
from shared.db.faults import translated
from shared.db.gate import Gate
from shared.db.glance import Glance
from shared.db.limits import LOCK_SECONDS, POSTGRESQL, SQLITE, lowered
from shared.db.prepared import Statements

POOL_WAIT_SECONDS: Final = 1
SHORT_LOCK_SECONDS: Final = 1
"""For who has waited in line for long: the line and the lock together stay under 3 s."""
SQLITE_READERS: Final = 4
TELLING: Final = "telling"
"""A key of `tx.info`: others wait to hear of this commit (the relay, of new events)."""
PATIENCE: Final = "patience"

View = AsyncSession | Glance
"""Over what a single prepared statement reads: a transaction, or none."""


class Database:
    """
    The service's own database.

    SQLite: WAL, `synchronous=FULL` (NORMAL loses acknowledged commits at power loss), one writing
    connection per process, `BEGIN IMMEDIATE` for writes because its deferred transactions lose
    updates silently; reads have connections of their own, so they never wait for a writer.
    PostgreSQL: one pool, statement and lock timeouts set by the server.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        """Prepare the engines for *url*; nothing is opened yet."""
        self.url = make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite":
            self._writes = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1)
            event.listen(self._writes.sync_engine, "begin", self._set_patience, insert=True)
            self._reads = _sqlite_engine(url, begin="BEGIN", pool_size=SQLITE_READERS)
            self._write_gate = Gate(1, LOCK_SECONDS)
            self._read_gate = Gate(SQLITE_READERS, LOCK_SECONDS)
        else:
            self._writes = _postgresql_engine(url, pool_size)
            # One snapshot for all statements of a reading, as SQLite's WAL gives it by itself.
            self._reads = self._writes.execution_options(isolation_level="REPEATABLE READ")
            self._write_gate = self._read_gate = Gate(pool_size, LOCK_SECONDS)
        self._patience = LOCK_SECONDS
        """Of the one that writes on SQLite: how long it waits for another process's lock."""
        self._write_session = async_sessionmaker(self._writes, expire_on_commit=False)
        self._read_session = async_sessionmaker(self._reads, expire_on_commit=False)
        self.connections = Connections(self.url)
        statements = Statements(self._writes.dialect)
        self.glance = Glance(statements, self.connections)
        """For single statements that are read at every request."""
        self._briefs = Briefs(statements, self.connections)
        self.after_commit: list[Any] = []
        """Called without arguments after the commit of what has set `TELLING` in its info."""

    @property
    def gates(self) -> dict[str, Gate]:
        """The lines in front of the connections, by what they are for."""
        if self._write_gate is self._read_gate:
            briefs = self._briefs.gate
            return {"any": self._write_gate, "glance": self.glance.gate, "brief": briefs}
        return {"write": self._write_gate, "read": self._read_gate, "glance": self.glance.gate}

    @property
    def engine(self) -> AsyncEngine:
        """The engine of the write side, for migrations."""
        return self._writes

    @asynccontextmanager
    async def transaction(self, *, urgent: bool = False) -> AsyncIterator[AsyncSession]:
        """
        Open a write transaction; it commits at the end of the block and rolls back when it raises.

        *urgent* ones go before all that wait: another service's user is waiting for them.

        Raises `Unavailable` when the database is locked, slow, full or away.
        """
        async with self._write_gate.pass_through(urgent=urgent) as waited:
            self._patience = patience_after(waited)
            with translated():
                async with self._write_session.begin() as tx:
                    yield tx
        self._tell(tx)

    @asynccontextmanager
    async def brief(self) -> AsyncIterator[Writing]:
        """
        Open a write transaction for a few statements, each written once, that come in crowds.

        It behaves like `transaction`, at a quarter of its cost on PostgreSQL. On SQLite it is that.
        """
        if self.dialect == "sqlite":
            async with self.transaction() as session:
                yield session
            return
        with translated():
            async with self._briefs.begin() as tx:
                yield tx
        self._tell(tx)

    def _tell(self, tx: Writing) -> None:
        if tx.info.get(TELLING):
            for call in self.after_commit:
                call()

    def _set_patience(self, connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's connection
        if connection.info.get(PATIENCE, LOCK_SECONDS) != self._patience:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={self._patience * 1000}")
            connection.info[PATIENCE] = self._patience

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """Open a read-only view of the database. Raises `Unavailable` like `transaction`."""
        async with self._read_gate.pass_through():
            with translated():
                async with self._read_session() as tx:
                    yield tx

    async def ping(self) -> None:
        """Raise `Unavailable` unless the database answers."""
        async with self.reading() as tx:
            await tx.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self.connections.close()
        await self._reads.dispose()
        if self._writes is not self._reads:
            await self._writes.dispose()


def patience_after(waited: float) -> int:
    """Return for how many seconds to wait for a lock after *waited* seconds in line."""
    return LOCK_SECONDS if waited <= SHORT_LOCK_SECONDS else SHORT_LOCK_SECONDS


def _sqlite_engine(url: str, *, begin: str, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        url, pool_size=pool_size, max_overflow=0, pool_timeout=LOCK_SECONDS, hide_parameters=True
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _: object) -> None:  # noqa: ANN401 - a DBAPI connection
        connection.isolation_level = None  # the driver would begin only at the first write
        cursor = connection.cursor()
        for pragma in SQLITE:
            cursor.execute(pragma)
        cursor.close()
        connection.create_function("lower", 1, lowered, deterministic=True)

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's connection
        connection.exec_driver_sql(begin)

    return engine


def _postgresql_engine(url: str, pool_size: int) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args=POSTGRESQL,
    )
