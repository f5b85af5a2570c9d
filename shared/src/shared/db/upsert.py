"""INSERT … ON CONFLICT: both databases speak it alike, SQLAlchemy keeps it per dialect."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession


def insert_into(tx: AsyncSession, table: Any) -> Any:  # noqa: ANN401 - one of two dialects' Insert
    """Return the INSERT of *tx*'s dialect, which knows `on_conflict_do_…`."""
    if tx.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


async def insert_newer(
    tx: AsyncSession,
    table: Any,  # noqa: ANN401 - a mapped class
    rows: list[dict[str, Any]],
    *,
    key: str = "id",
) -> None:
    """Insert *rows*, overwriting a row of the same *key* only by a higher `version`."""
    if not rows:
        return
    statement = insert_into(tx, table)
    columns = [name for name in rows[0] if name != key]
    statement = statement.on_conflict_do_update(
        index_elements=[key],
        set_={name: statement.excluded[name] for name in columns},
        where=table.version < statement.excluded.version,
    )
    await tx.execute(statement, rows)
