"""Migrations and models agree."""

from results.models import Base
from shared.db.engine import Database
from shared.db.migrate import upgrade
from shared.testing.schema import drift, tables


class TestMigrations:
    async def test_build_exactly_the_models(self, database: Database) -> None:
        assert await drift(database, Base.metadata, users=True) == []

    async def test_go_down_and_up_again(self, database: Database) -> None:
        await upgrade("results", database, "base")
        assert await tables(database) <= {"alembic_version"}
        await upgrade("results", database)
        assert await drift(database, Base.metadata, users=True) == []
