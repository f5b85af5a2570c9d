"""Whether migrations and models agree."""

from typing import Any

from sqlalchemy import Connection, MetaData, inspect

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
