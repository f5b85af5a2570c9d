"""Many rows in one statement, the same statement for any number of them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    String,
    Table,
    Text,
    and_,
    bindparam,
    func,
    inspect,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine

from shared.db.brief import Brief, Writing, dialect_of
from shared.db.glance import Glance

Rows = Sequence[dict[str, Any]]


async def insert_rows(tx: Writing, model: type[DeclarativeBase], rows: Rows) -> None:
    """Insert *rows*, all of which have the same columns."""
    await _run(tx, model, rows)


async def insert_absent(
    tx: Writing,
    model: type[DeclarativeBase],
    rows: Rows,
    *,
    key: tuple[str, ...],
    returning: tuple[str, ...],
) -> set[Any]:
    """Insert those of *rows* whose unique *key* is free; return *returning* of these."""
    return set(await _run(tx, model, rows, key=key, returning=returning))


async def find_rows(
    view: Writing | Glance,
    model: type[DeclarativeBase],
    wanted: Sequence[tuple[Any, ...]],
    *,
    key: tuple[str, ...],
    columns: tuple[str, ...],
) -> Sequence[Any]:
    """Return *columns* of the rows of which *wanted* names the *key*."""
    if not wanted:
        return []
    table = table_of(model)
    if dialect_of(view) == "postgresql":
        arrays = dict(zip(key, map(list, zip(*wanted, strict=True)), strict=True))
        return (await view.execute(_by_arrays(model, key, columns), arrays)).all()
    if isinstance(view, Glance):
        one = _by_key(model, key, columns)
        each = [await view.execute(one, dict(zip(key, values, strict=True))) for values in wanted]
        return [row for rows in each for row in rows]
    names = tuple_(*_named(table, key))
    return (await view.execute(select(*_named(table, columns)).where(names.in_(wanted)))).all()


async def _run(
    tx: Writing,
    model: type[DeclarativeBase],
    rows: Rows,
    *,
    key: tuple[str, ...] = (),
    returning: tuple[str, ...] = (),
) -> list[Any]:
    if not rows:
        return []
    is_postgresql = dialect_of(tx) == "postgresql"
    make = _of_arrays if is_postgresql else _of_rows
    statement = make(model, tuple(rows[0]), key, returning)
    # A number of VALUES would be a statement for each number, compiled and planned anew.
    given: Any = {name: [row[name] for row in rows] for name in rows[0]} if is_postgresql else rows
    given_to = tx if isinstance(tx, Brief) else await tx.connection()
    result: Any = await given_to.execute(statement, given)
    if not returning:
        return []
    return [row[0] for row in result] if len(returning) == 1 else list(map(tuple, result))


@cache
def _of_arrays(
    model: type[DeclarativeBase],
    names: tuple[str, ...],
    key: tuple[str, ...],
    returning: tuple[str, ...],
) -> Any:  # noqa: ANN401 - PostgreSQL's Insert
    """Return INSERT … SELECT FROM unnest(…), one array per column."""
    table = table_of(model)
    source = unnested(table, names)
    insert = postgresql.insert(table).from_select(names, select(*source.c))
    return _finished(insert, table, key, returning)


@cache
def _by_arrays(model: type[DeclarativeBase], key: tuple[str, ...], columns: tuple[str, ...]) -> Any:  # noqa: ANN401 - a Select
    """Return SELECT … JOIN unnest(…), one array per column of the key."""
    table = table_of(model)
    source = unnested(table, key)
    is_wanted = and_(*(table.c[name] == source.c[name] for name in key))
    return select(*_named(table, columns)).join(source, is_wanted)


@cache
def _by_key(model: type[DeclarativeBase], key: tuple[str, ...], columns: tuple[str, ...]) -> Any:  # noqa: ANN401 - a Select
    table = table_of(model)
    is_wanted = and_(*(table.c[name] == bindparam(name) for name in key))
    return select(*_named(table, columns)).where(is_wanted)


def unnested(table: Table, names: Sequence[str]) -> Any:  # noqa: ANN401 - a table-valued alias
    """Return rows of some columns of *table*, given as one array per column (PostgreSQL)."""
    arrays = [bindparam(name, type_=ARRAY(_element(table.c[name]))) for name in names]
    columns: list[Column[Any]] = [Column(name, _element(table.c[name])) for name in names]
    return func.unnest(*arrays).table_valued(*columns).render_derived("rows")


def _named(table: Table, names: Sequence[str]) -> list[Column[Any]]:
    return [table.c[name] for name in names]


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
    return insert.returning(*_named(table, returning)) if returning else insert


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
