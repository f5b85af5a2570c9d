"""The schema that migrations build is the one the models describe."""

from auth.models import Base
from shared.db.engine import Database
from shared.db.migrate import upgrade
from shared.testing.schema import drift, tables


class TestMigrations:
    async def test_build_exactly_the_models(self, database: Database) -> None:
        assert await drift(database, Base.metadata, users=False) == []

    async def test_go_down_and_up_again(self, database: Database) -> None:
        await upgrade("auth", database, "base")
        assert await tables(database) <= {"alembic_version"}

        await upgrade("auth", database)

        assert await drift(database, Base.metadata, users=False) == []
