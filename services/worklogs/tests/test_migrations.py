"""The schema: as the models say, made by steps that can be undone."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from shared.db.engine import Database
from shared.db.migrate import upgrade
from worklogs.models import Base


def differences(connection: Connection) -> list[Any]:
    own = set(Base.metadata.tables)
    context = MigrationContext.configure(
        connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in own}
    )
    return list(compare_metadata(context, Base.metadata))


class TestMigrations:
    async def test_make_what_the_models_say(self, database: Database) -> None:
        async with database.engine.connect() as connection:
            assert await connection.run_sync(differences) == []

    async def test_can_be_undone_and_done_again(self, tmp_path: Any) -> None:
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/worklogs.sqlite3")
        for revision in ("head", "base", "head"):
            await upgrade("worklogs", database, revision)
            async with database.engine.connect() as connection:
                tables = await connection.run_sync(lambda one: inspect(one).get_table_names())
            assert ("work_logs" in tables) is (revision == "head")
        await database.close()
