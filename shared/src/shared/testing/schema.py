"""Whether migrations and models agree, and whether two releases can work on one schema."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    inspect,
)

from shared.db.engine import Database
from shared.events.tables import EventsBase
from shared.users.tables import UsersBase


async def drift(database: Database, *metadata: MetaData, users: bool) -> list[Any]:
    """Return the differences between the database and the models; none is as it should be."""
    wanted = [*metadata, EventsBase.metadata, *([UsersBase.metadata] if users else [])]

    def compare(connection: Connection) -> list[Any]:
        from alembic.autogenerate import compare_metadata  # noqa: PLC0415 - only here
        from alembic.migration import MigrationContext  # noqa: PLC0415

        context = MigrationContext.configure(connection, opts={"compare_type": True})
        together = MetaData()
        for one in wanted:
            for table in one.tables.values():
                table.to_metadata(together)
        return list(compare_metadata(context, together))

    async with database.engine.connect() as connection:
        return await connection.run_sync(compare)


async def tables(database: Database) -> set[str]:
    """Return the names of the database's tables."""
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    return set(names)


async def reflected(database: Database) -> MetaData:
    """Return the schema as it is in the database, without Alembic's own table."""
    found = MetaData()
    async with database.engine.connect() as connection:
        await connection.run_sync(found.reflect)
    found.remove(found.tables["alembic_version"])
    return found


def contractions(before: MetaData, after: MetaData) -> list[str]:
    """Say what a release that knows only the schema *before* can no longer do on *after*."""
    return [
        f"{name}: {one}"
        for name, table in before.tables.items()
        for one in (
            _narrowed(table, after.tables[name]) if name in after.tables else ["the table is gone"]
        )
    ]


def _narrowed(before: Table, after: Table) -> list[str]:
    known = set(before.c.keys())
    found = [f"{name} is gone" for name in known - set(after.c.keys())]
    for name, column in after.c.items():
        if name in before.c:
            found += _narrowed_column(before.c[name], column)
        elif not column.nullable and column.server_default is None:
            found.append(f"{name} is new and must be written")
    found += [f"{key} is unique now" for key in _keys(after) - _keys(before) if set(key) <= known]
    found += [f"{one} must hold now" for one in _conditions(after) - _conditions(before)]
    return sorted(found)


def _narrowed_column(before: Column[Any], after: Column[Any]) -> list[str]:
    found = [f"{before.name} takes no null now"] if before.nullable and not after.nullable else []
    old, new = before.type, after.type
    if isinstance(old, String) and isinstance(new, String):
        is_wider = new.length is None or (old.length is not None and old.length <= new.length)
    else:
        is_wider = repr(old) == repr(new)
    return found if is_wider else [*found, f"{before.name} was {old!r} and is {new!r}"]


def _keys(table: Table) -> set[tuple[str, ...]]:
    """Return what must be unique, by constraint or by index."""
    constraints = [one.columns for one in table.constraints if isinstance(one, UniqueConstraint)]
    indexes = [one.columns for one in table.indexes if one.unique]
    return {tuple(sorted(columns.keys())) for columns in (*constraints, *indexes)}


def _conditions(table: Table) -> set[str]:
    checks = {str(one.sqltext) for one in table.constraints if isinstance(one, CheckConstraint)}
    return checks | {f"{key.parent.name} → {key.target_fullname}" for key in table.foreign_keys}
