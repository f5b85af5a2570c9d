"""INSERT … ON CONFLICT: both databases speak it alike, SQLAlchemy keeps it per dialect."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.brief import Writing, dialect_of
from shared.db.bulk import table_of, unnested


def insert_into(tx: AsyncSession, table: Any) -> Any:  # noqa: ANN401 - one of two dialects' Insert
    """Return the INSERT of *tx*'s dialect, which knows `on_conflict_do_…`."""
    return insert_of(dialect_of(tx), table)


def insert_of(dialect: str, table: Any) -> Any:  # noqa: ANN401 - one of two dialects' Insert
    """Return the same by the dialect's name, for statements that are written once."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


async def insert_newer(
    tx: Writing,
    table: Any,  # noqa: ANN401 - a mapped class
    rows: list[dict[str, Any]],
    *,
    key: str = "id",
) -> None:
    """Insert *rows*, overwriting a row of the same *key* only by a higher `version`."""
    if not rows:
        return
    names = tuple(rows[0])
    if dialect_of(tx) == "postgresql":
        # One statement for any number of rows; it must not touch one twice.
        newest: dict[Any, dict[str, Any]] = {}
        for row in sorted(rows, key=lambda row: (row[key], -row["version"])):
            newest.setdefault(row[key], row)
        arrays = {name: [row[name] for row in newest.values()] for name in names}
        await tx.execute(_of_arrays(table, names, key), arrays)
    elif isinstance(tx, AsyncSession):
        await tx.execute(_where_newer(sqlite.insert(table), table, names, key), rows)


@cache
def _of_arrays(model: Any, names: tuple[str, ...], key: str) -> Any:  # noqa: ANN401 - an Insert
    table = table_of(model)
    insert = postgresql.insert(table).from_select(names, select(*unnested(table, names).c))
    return _where_newer(insert, table.c, names, key)


def _where_newer(statement: Any, table: Any, names: Sequence[str], key: str) -> Any:  # noqa: ANN401 - an Insert
    return statement.on_conflict_do_update(
        index_elements=[key],
        set_={name: statement.excluded[name] for name in names if name != key},
        where=table.version < statement.excluded.version,
    )
