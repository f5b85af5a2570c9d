"""Briefs: short write transactions run by PostgreSQL's driver itself (ADR 15)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import Executable

from shared.db.drivers import Connection, Connections
from shared.db.gate import Gate
from shared.db.glance import Glance
from shared.db.limits import LOCK_SECONDS
from shared.db.prepared import Rows, Statements

PARALLEL: Final = 4


class Brief:
    """
    One transaction, which its caller owns and `Briefs.begin` commits.

    For what is written in crowds: SQLAlchemy's session costs four times what the statement does.
    It speaks like a session where both are used: `execute` and `info`.
    """

    def __init__(self, statements: Statements, connection: Connection) -> None:
        """Run *statements* over *connection*, in the transaction that is open there."""
        self._statements = statements
        self._connection = connection
        self.dialect = statements.dialect
        self.info: dict[str, Any] = {}

    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> Rows:
        """Return the rows of *statement*, which must be one of a module: it is kept for ever."""
        prepared = self._statements.prepare(statement)
        values = prepared.values(parameters or {})
        return prepared.rows(await self._connection.fetch(prepared.sql, values))


Writing = AsyncSession | Brief
"""A write transaction, of whichever kind."""


def dialect_of(tx: Writing | Glance) -> str:
    """Return the name of the dialect that *tx* speaks."""
    speaker = tx.get_bind() if isinstance(tx, AsyncSession) else tx
    return speaker.dialect.name


class Briefs:
    """Opens such transactions, a few at a time."""

    def __init__(self, statements: Statements, connections: Connections) -> None:
        """Prepare for transactions over *connections*; nothing is opened yet."""
        self._statements = statements
        self._connections = connections
        self.gate = Gate(PARALLEL, LOCK_SECONDS)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Brief]:
        """Open a transaction; it commits at the end of the block and rolls back when it raises."""
        refused: Exception | None = None
        async with self.gate.pass_through(), self._connections.lend() as connection:
            await connection.run("BEGIN")
            try:
                yield Brief(self._statements, connection)
            except Exception as error:  # noqa: BLE001 - raised when the connection is given back
                refused = error
            # Should this fail, the connection is closed, and the server rolls back.
            await connection.run("ROLLBACK" if refused else "COMMIT")
        if refused:
            raise refused
