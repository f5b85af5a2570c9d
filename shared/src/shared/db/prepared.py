"""Statements that are written once, in the words of one driver, past SQLAlchemy (ADR 13)."""

import collections
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.sql import Executable

Processor = Callable[[Any], Any] | None


class Rows(list[Any]):
    """What a statement gave, as named tuples; the part of SQLAlchemy's result that is used."""

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
class Prepared:
    """A statement in the words of one driver, with the ways of its values in and out."""

    sql: str
    fixed: Mapping[str, Any]
    binds: Sequence[tuple[str, Processor]]
    row: Callable[[Iterable[Any]], Any]
    processors: Sequence[Processor]

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """Return the values of *parameters* in the order in which the statement names them."""
        given = {**self.fixed, **parameters}
        return [process(given[name]) if process else given[name] for name, process in self.binds]

    def rows(self, found: Iterable[Sequence[Any]]) -> Rows:
        """Return what the driver has found as rows."""
        if not any(self.processors):
            return Rows(map(self.row, found))
        return Rows(
            self.row(
                process(value) if process else value
                for process, value in zip(self.processors, row, strict=True)
            )
            for row in found
        )


class Statements:
    """SQLAlchemy compiles each statement at its first use; it is kept for ever."""

    def __init__(self, dialect: Dialect) -> None:
        """Compile for *dialect*."""
        self.dialect = dialect
        self._prepared: dict[Executable, Prepared] = {}

    def prepare(self, statement: Executable) -> Prepared:
        """Return *statement*, which must be one of a module, ready to run."""
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = _prepare(statement, self.dialect)
        return prepared


def _prepare(statement: Any, dialect: Dialect) -> Prepared:  # noqa: ANN401 - whatever gives rows
    compiled = statement.compile(dialect=dialect)
    if "POSTCOMPILE" in str(compiled):
        message = "IN with a list is another statement for each length; it is not for a glance"
        raise ValueError(message)
    names = compiled.positiontup or []
    columns = statement.exported_columns
    # What asyncpg gives and takes are Python's own types already.
    is_native = dialect.name == "postgresql"
    kinds = [column.type.dialect_impl(dialect) for column in columns]
    binds = [(name, compiled.binds[name].type.dialect_impl(dialect)) for name in names]
    return Prepared(
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
