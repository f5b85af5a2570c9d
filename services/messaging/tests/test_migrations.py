"""The migrations make what the models say."""

from messaging.models import Base
from shared.db.engine import Database
from shared.db.migrate import upgrade
from shared.testing.schema import drift, tables


class TestMigrations:
    async def test_build_exactly_the_models(self, database: Database) -> None:
        assert await drift(database, Base.metadata, users=True) == []

    async def test_go_down_and_up_again(self, database: Database) -> None:
        await upgrade("messaging", database, "base")
        assert await tables(database) <= {"alembic_version"}
        await upgrade("messaging", database)
        assert await drift(database, Base.metadata, users=True) == []
