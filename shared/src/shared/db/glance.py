"""Glances: single SELECTs, each its own snapshot, run by the database's driver itself (ADR 13)."""

import collections
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Dialect, Select
from sqlalchemy.engine import URL

from shared.db.drivers import Connection, Postgresql, Sqlite
from shared.db.faults import is_passing, unavailable
from shared.db.gate import Gate
from shared.db.limits import LOCK_SECONDS

PARALLEL: Final = 4

AnySelect = Select[*tuple[Any, ...]]
Processor = Callable[[Any], Any] | None


class Rows(list[Any]):
    """The rows of a glance, as named tuples; the part of SQLAlchemy's result that is used."""

    def all(self) -> "Rows":
        """Return all rows."""
        return self

    def first(self) -> Any:  # noqa: ANN401 - a row
        """Return the first row, or None."""
        return self[0] if self else None

    def one(self) -> Any:  # noqa: ANN401 - a row
        """Return the only row. Raises `ValueError` when there are more or none."""
        (row,) = self
        return row


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement in the words of one driver, with the ways of its values in and out."""

    sql: str
    fixed: Mapping[str, Any]
    binds: Sequence[tuple[str, Processor]]
    row: Callable[[Iterable[Any]], Any]
    processors: Sequence[Processor]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        given = {**self.fixed, **parameters}
        return [process(given[name]) if process else given[name] for name, process in self.binds]

    def rows(self, found: Iterable[Sequence[Any]]) -> Rows:
        if not any(self.processors):
            return Rows(map(self.row, found))
        return Rows(
            self.row(
                process(value) if process else value
                for process, value in zip(self.processors, row, strict=True)
            )
            for row in found
        )


def _prepare(statement: AnySelect, dialect: Dialect) -> _Prepared:
    compiled = statement.compile(dialect=dialect)
    if "POSTCOMPILE" in str(compiled):
        message = "IN with a list is another statement for each length; it is not for a glance"
        raise ValueError(message)
    names = compiled.positiontup or []
    columns = statement.selected_columns
    # What asyncpg gives and takes are Python's own types already.
    is_native = dialect.name == "postgresql"
    kinds = [column.type.dialect_impl(dialect) for column in columns]
    binds = [(name, compiled.binds[name].type.dialect_impl(dialect)) for name in names]
    return _Prepared(
        sql=str(compiled),
        fixed={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        binds=[(name, None if is_native else kind.bind_processor(dialect)) for name, kind in binds],
        row=_named([str(column.key) for column in columns]),
        processors=[None if is_native else kind.result_processor(dialect, None) for kind in kinds],
    )


def _named(names: Sequence[str]) -> Callable[[Iterable[Any]], Any]:
    named_tuple: Any = collections.namedtuple  # noqa: PYI024 - its fields are known at run time
    make: Callable[[Iterable[Any]], Any] = named_tuple("Row", names, rename=True)._make
    return make


class Glance:
    """
    Runs one statement at a time, outside of any transaction.

    For what is read at every request by a statement written once, at import: SQLAlchemy's session,
    connection and transaction cost five times what the statement does. It has no part in a
    transaction; two glances may see two states.
    """

    def __init__(self, url: URL, dialect: Dialect) -> None:
        """Prepare glances at *url*; nothing is opened yet."""
        self._url = url
        self._dialect = dialect
        self.gate = Gate(PARALLEL, LOCK_SECONDS)
        self._idle: list[Connection] = []
        self._prepared: dict[AnySelect, _Prepared] = {}

    async def execute(
        self, statement: AnySelect, parameters: Mapping[str, Any] | None = None
    ) -> Rows:
        """
        Return the rows of *statement*, which must be one of a module: it is kept for ever.

        Raises `Unavailable` when the database is locked, slow or away.
        """
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = _prepare(statement, self._dialect)
        values = prepared.values(parameters or {})
        async with self.gate.pass_through():
            try:
                return prepared.rows(await self._fetch(prepared.sql, values))
            except Exception as error:
                if is_passing(error):
                    raise unavailable(error) from error
                raise

    async def scalar(
        self, statement: AnySelect, parameters: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - a column
        """Return the first column of the first row, or None."""
        row = (await self.execute(statement, parameters)).first()
        return None if row is None else row[0]

    async def close(self) -> None:
        """Close every connection."""
        while self._idle:
            await self._idle.pop().close()

    async def _fetch(self, sql: str, values: Sequence[Any]) -> Iterable[Sequence[Any]]:
        connection = await self._connection()
        is_whole = False
        try:
            rows = await connection.fetch(sql, values)
            is_whole = True
        finally:
            if is_whole:
                self._idle.append(connection)
            else:  # given up half way: nobody knows what it would say next
                await connection.close()
        return rows

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable():
                return connection
        opened = Sqlite if self._dialect.name == "sqlite" else Postgresql
        return await opened.open(self._url)
