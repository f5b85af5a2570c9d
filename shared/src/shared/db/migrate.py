"""Migrations: to the newest schema under a lock, by any number of processes at once."""

import asyncio
import multiprocessing
import re
import sys
import zlib
from importlib import import_module
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import DBAPIError

from shared.db.engine import Database
from shared.events.tables import EventsBase
from shared.users.tables import UsersBase

log = structlog.get_logger()

TRIES: Final = 60
PAUSE_SECONDS: Final = 0.5
LOCK_NOT_AVAILABLE: Final = "55P03"
REVISION: Final = re.compile(r"^(\d{4})_\w+\.py$")


def newest(package: str) -> str:
    """Return the number of the last migration file of *package*, which is its revision id."""
    names = [REVISION.match(path.name) for path in (_folder(package) / "versions").iterdir()]
    return max(name[1] for name in names if name)


def migrate(package: str, url: str) -> None:
    """Bring the database at *url* to the newest schema."""

    async def work() -> None:
        database = Database(url)
        try:
            await upgrade(package, database)
        finally:
            await database.close()

    asyncio.run(work())
    log.info("the schema is up to date", service=package)


def migrate_apart(package: str, url: str) -> None:
    """
    `migrate` in a child, which takes with it the memory that Alembic leaves behind.

    Ends this process when the child fails; the child has said why.
    """
    child = multiprocessing.get_context("fork").Process(target=migrate, args=(package, url))
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(1)


async def upgrade(package: str, database: Database, revision: str = "head") -> None:
    """
    Bring *database* to *revision*; whoever comes second waits and finds nothing to do.

    A later schema stays as it is: a release that is rolled back works on it (ADR 12).
    """
    if revision == "head" and await _is_new_enough(package, database):
        return  # the usual start: Alembic is not even imported
    for tries_left in reversed(range(TRIES)):
        try:
            # Statements of a migration may take longer than a request may.
            async with database.engine.connect() as connection:
                await connection.run_sync(_locked_upgrade, package, revision)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE or not tries_left:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return


async def _is_new_enough(package: str, database: Database) -> bool:
    async with database.engine.connect() as connection:
        found = await connection.run_sync(_revision)
    if found is not None and found > newest(package):
        log.warning("the schema is of a later release", service=package, revision=found)
    return found is not None and found >= newest(package)


def _folder(package: str) -> Path:
    return Path(str(import_module(package).__file__)).parent / "migrations"


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _locked_upgrade(connection: Connection, package: str, revision: str) -> None:
    from alembic import command  # noqa: PLC0415 - costs 150 ms that most starts do not need
    from alembic.config import Config  # noqa: PLC0415

    with connection.begin():  # BEGIN IMMEDIATE on SQLite: the file's lock is the lock
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            connection.execute(text("SET LOCAL statement_timeout = '60s'"))
            key = zlib.crc32(package.encode())
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
            # Who waits for a table makes all others wait for it: rather give up and come again.
            connection.execute(text("SET LOCAL lock_timeout = '500ms'"))
        config = Config()
        config.set_main_option("script_location", str(_folder(package)))
        config.attributes["connection"] = connection
        if revision == "base" or (revision != "head" and revision < (_revision(connection) or "")):
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def run_env(*metadata: MetaData) -> None:
    """Run the migrations that Alembic chose; the body of every service's `env.py`."""
    from alembic import context  # noqa: PLC0415 - exists only inside a run of Alembic

    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=[*metadata, EventsBase.metadata, UsersBase.metadata],
        render_as_batch=True,
        compare_type=True,
    )
    context.run_migrations()
