"""Two releases work on one schema: each migration leaves the release before it working."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent

import asyncpg
import pytest

from shared.db.engine import Database
from shared.db.migrate import REVISION, newest, upgrade
from shared.testing import postgres
from shared.testing.schema import contractions, reflected, tables
from shared.testing.waiting import eventually
from tests.house import tree

ROOMS = """\
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def upgrade():
    op.create_table(
        "rooms",
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("note", sa.Text, nullable=True),
    )


def downgrade():
    op.drop_table("rooms")
"""
STEP = """\
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade():
    with op.batch_alter_table("rooms") as rooms:
        {step}


def downgrade():
    pass
"""
ENV = """\
from sqlalchemy import MetaData

from shared.db.migrate import run_env

run_env(MetaData())
"""


def steps(package: str) -> list[str]:
    """Return the revisions of a package in their order."""
    folder = Path(str(import_module(package).__file__)).parent / "migrations" / "versions"
    found = (REVISION.match(path.name) for path in folder.iterdir())
    return sorted(each[1] for each in found if each)


def is_contraction(package: str, revision: str) -> bool:
    """Say whether a migration declares why no release in use needs what it takes away."""
    folder = Path(str(import_module(package).__file__)).parent / "migrations" / "versions"
    (path,) = folder.glob(f"{revision}_*.py")
    return "\ncontracts = " in path.read_text()


async def broken_steps(package: str, database: Database) -> list[str]:
    """Return what each migration takes from the release before it, declared ones left out."""
    found: list[str] = []
    before = None
    for revision in steps(package):
        await upgrade(package, database, revision)
        after = await reflected(database)
        if before is not None and not is_contraction(package, revision):
            found += [f"{revision}: {one}" for one in contractions(before, after)]
        before = after
    return found


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/empty.sqlite3")
    yield database
    await database.close()


@pytest.mark.parametrize("service", tree.SERVICES)
async def test_each_migration_leaves_the_release_before_it_working(
    service: str, empty: Database
) -> None:
    assert await broken_steps(service, empty) == []
    assert newest(service) == steps(service)[-1]


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """Return a package of two migrations, of which the second does what the test says."""
    name = f"rooms_{abs(hash(request.node.nodeid))}"
    versions = tmp_path / name / "migrations" / "versions"
    versions.mkdir(parents=True)
    (tmp_path / name / "__init__.py").touch()
    (versions.parent / "env.py").write_text(ENV)
    (versions / "0001_create_rooms.py").write_text(ROOMS)
    step = STEP.format(step=dedent(request.param))
    (versions / "0002_change_rooms.py").write_text(step)
    monkeypatch.syspath_prepend(tmp_path)
    return name


EXPANDING = pytest.mark.parametrize(
    "planted", ["rooms.add_column(sa.Column('seats', sa.Integer, nullable=True))"], indirect=True
)


class TestTheChecker:
    """The rule finds what was planted, and lets pass what is right."""

    @pytest.mark.parametrize(
        "planted",
        [
            "rooms.add_column(sa.Column('seats', sa.Integer, nullable=True))",
            "rooms.add_column(sa.Column('seats', sa.Integer, nullable=False, server_default='0'))",
            "rooms.alter_column('name', type_=sa.Text, existing_nullable=False)",
            "rooms.create_index('ix_rooms_name', ['name'])",
            "op.create_table('seats', sa.Column('id', sa.BigInteger, primary_key=True))",
        ],
        indirect=True,
    )
    async def test_what_only_adds_passes(self, planted: str, empty: Database) -> None:
        assert await broken_steps(planted, empty) == []

    @pytest.mark.parametrize(
        ("planted", "word"),
        [
            ("rooms.drop_column('note')", "note is gone"),
            ("rooms.alter_column('note', new_column_name='remark')", "note is gone"),
            ("op.drop_table('rooms'); op.create_table('x', sa.Column('id', sa.Integer))",
             "the table is gone"),
            ("rooms.alter_column('note', nullable=False)", "note takes no null"),
            ("rooms.alter_column('name', type_=sa.String(20))", "name was"),
            ("rooms.alter_column('id', type_=sa.Integer)", "id was"),
            ("rooms.add_column(sa.Column('seats', sa.Integer, nullable=False))",
             "seats is new and must be written"),
            ("rooms.create_unique_constraint('uq', ['name'])", "unique"),
            ("rooms.create_index('ix', ['name'], unique=True)", "unique"),
            ("rooms.create_check_constraint('ck', 'id > 5')", "must hold now"),
            ("rooms.create_foreign_key('fk', 'rooms', ['id'], ['id'])", "must hold now"),
        ],
        indirect=["planted"],
    )  # fmt: skip
    async def test_what_takes_away_is_found(self, planted: str, empty: Database, word: str) -> None:
        assert word in str(await broken_steps(planted, empty))

    @pytest.mark.parametrize("planted", ["rooms.drop_column('note')"], indirect=True)
    async def test_a_declared_contraction_passes(self, planted: str, empty: Database) -> None:
        folder = Path(str(import_module(planted).__file__)).parent / "migrations" / "versions"
        path = folder / "0002_change_rooms.py"
        path.write_text(path.read_text() + '\n\ncontracts = "no release reads the note"\n')

        assert await broken_steps(planted, empty) == []


class TestARollingUpgrade:
    @EXPANDING
    async def test_leaves_the_later_schema_to_a_release_that_is_rolled_back(
        self, planted: str, empty: Database
    ) -> None:
        await upgrade(planted, empty)
        folder = Path(str(import_module(planted).__file__)).parent / "migrations" / "versions"
        (folder / "0002_change_rooms.py").unlink()

        await upgrade(planted, empty)

        assert "seats" in (await reflected(empty)).tables["rooms"].c
        assert await tables(empty) == {"rooms", "alembic_version"}

    @EXPANDING
    async def test_lets_nobody_wait_behind_it_for_a_table(
        self, planted: str, postgres_url: str
    ) -> None:
        name = f"test_{planted}"
        await postgres.execute(f"{postgres_url}/postgres", f'CREATE DATABASE "{name}"')
        url = f"{postgres_url}/{name}"
        database = Database(url.replace("postgresql:", "postgresql+asyncpg:", 1))
        await upgrade(planted, database, "0001")
        reader = await asyncpg.connect(url)
        try:
            async with reader.transaction():
                await reader.execute("SELECT * FROM rooms")
                migration = asyncio.create_task(upgrade(planted, database))
                waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                await eventually(lambda: reader.fetchval(waiting))

                await asyncio.wait_for(postgres.execute(url, "SELECT * FROM rooms"), 10)
                assert not migration.done()
            await migration
            assert await reader.fetchval("SELECT count(seats) FROM rooms") == 0
        finally:
            await reader.close()
            await database.close()
