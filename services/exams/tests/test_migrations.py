"""The migrations lead where the models say, and back."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from exams.models import Base
from shared.db.engine import Database
from shared.db.migrate import newest, upgrade
from shared.events.tables import EventsBase
from shared.users.tables import UsersBase

METADATA = [Base.metadata, EventsBase.metadata, UsersBase.metadata]


def differences(connection: Connection) -> list[object]:
    options = {"compare_type": True, "target_metadata": METADATA}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, METADATA))  # type: ignore[arg-type] # one or many, says its code


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names()) - {"alembic_version", "sqlite_sequence"}


class TestMigrations:
    async def test_make_what_the_models_describe(self, database: Database) -> None:
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences) == []

    async def test_go_down_and_up_again(self, database: Database) -> None:
        await upgrade("exams", database, "base")
        async with database.engine.connect() as connection:
            assert await connection.run_sync(tables) == set()

        await upgrade("exams", database)
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences) == []

    async def test_number_their_files(self) -> None:
        assert newest("exams") == "0002"
