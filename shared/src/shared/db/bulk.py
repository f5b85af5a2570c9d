"""Many rows in one statement, the same statement for any number of them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, Column, String, Table, Text, bindparam, func, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine

Rows = Sequence[dict[str, Any]]


async def insert_rows(tx: AsyncSession, model: type[DeclarativeBase], rows: Rows) -> None:
    """Insert *rows*, all of which have the same columns."""
    await _run(tx, model, rows)


async def insert_absent(
    tx: AsyncSession,
    model: type[DeclarativeBase],
    rows: Rows,
    *,
    key: tuple[str, ...],
    returning: tuple[str, ...],
) -> set[Any]:
    """Insert those of *rows* whose unique *key* is free; return *returning* of these."""
    return set(await _run(tx, model, rows, key=key, returning=returning))


async def _run(
    tx: AsyncSession,
    model: type[DeclarativeBase],
    rows: Rows,
    *,
    key: tuple[str, ...] = (),
    returning: tuple[str, ...] = (),
) -> list[Any]:
    if not rows:
        return []
    connection = await tx.connection()
    is_postgresql = connection.dialect.name == "postgresql"
    make = _of_arrays if is_postgresql else _of_rows
    statement = make(model, tuple(rows[0]), key, returning)
    # A number of VALUES would be a statement for each number, compiled and planned anew.
    given = {name: [row[name] for row in rows] for name in rows[0]} if is_postgresql else rows
    result = await connection.execute(statement, given)
    if not returning:
        return []
    return list(result.scalars() if len(returning) == 1 else map(tuple, result))


@cache
def _of_arrays(
    model: type[DeclarativeBase],
    names: tuple[str, ...],
    key: tuple[str, ...],
    returning: tuple[str, ...],
) -> Any:  # noqa: ANN401 - PostgreSQL's Insert
    """Return INSERT … SELECT FROM unnest(…), one array per column."""
    table = table_of(model)
    arrays = [bindparam(name, type_=ARRAY(_element(table.c[name]))) for name in names]
    columns: list[Column[Any]] = [Column(name, _element(table.c[name])) for name in names]
    source = func.unnest(*arrays).table_valued(*columns).render_derived("rows")
    insert = postgresql.insert(table).from_select(names, select(*source.c))
    return _finished(insert, table, key, returning)


@cache
def _of_rows(
    model: type[DeclarativeBase],
    names: tuple[str, ...],
    key: tuple[str, ...],
    returning: tuple[str, ...],
) -> Any:  # noqa: ANN401 - SQLite's Insert
    """Return an INSERT of one row, which the driver runs for each."""
    table = table_of(model)
    insert = sqlite.insert(table).values({name: bindparam(name) for name in names})
    return _finished(insert, table, key, returning)


def _finished(insert: Any, table: Table, key: tuple[str, ...], returning: tuple[str, ...]) -> Any:  # noqa: ANN401 - an Insert
    if key:
        insert = insert.on_conflict_do_nothing(index_elements=key)
    return insert.returning(*(table.c[name] for name in returning)) if returning else insert


def _element(column: Column[Any]) -> TypeEngine[Any]:
    """Return the type in an array: a cast to VARCHAR(n) would cut what is too long in silence."""
    return Text() if isinstance(column.type, String) else column.type


@cache
def table_of(model: type[DeclarativeBase]) -> Table:
    """Return the table of a mapped class."""
    table = inspect(model).local_table
    if not isinstance(table, Table):  # pragma: no cover - a mapped class has a table
        raise TypeError
    return table
