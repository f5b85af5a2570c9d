"""Glances: single SELECTs, each its own snapshot, run by the database's driver itself (ADR 13)."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Select

from shared.db.drivers import Connections
from shared.db.faults import translated
from shared.db.gate import Gate
from shared.db.limits import LOCK_SECONDS
from shared.db.prepared import Rows, Statements

PARALLEL: Final = 4

AnySelect = Select[*tuple[Any, ...]]


class Glance:
    """
    Runs one statement at a time, outside of any transaction.

    For what is read at every request by a statement written once, at import: SQLAlchemy's session,
    connection and transaction cost five times what the statement does. It has no part in a
    transaction; two glances may see two states.
    """

    def __init__(self, statements: Statements, connections: Connections) -> None:
        """Prepare glances over *connections*; nothing is opened yet."""
        self._statements = statements
        self._connections = connections
        self.dialect = statements.dialect
        self.gate = Gate(PARALLEL, LOCK_SECONDS)

    async def execute(
        self, statement: AnySelect, parameters: Mapping[str, Any] | None = None
    ) -> Rows:
        """
        Return the rows of *statement*, which must be one of a module: it is kept for ever.

        Raises `Unavailable` when the database is locked, slow or away.
        """
        prepared = self._statements.prepare(statement)
        values = prepared.values(parameters or {})
        async with self.gate.pass_through():
            with translated():
                async with self._connections.lend() as connection:
                    return prepared.rows(await connection.fetch(prepared.sql, values))

    async def scalar(
        self, statement: AnySelect, parameters: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - a column
        """Return the first column of the first row, or None."""
        row = (await self.execute(statement, parameters)).first()
        return None if row is None else row[0]
