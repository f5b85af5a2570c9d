"""Writes the next migration of a service from what its models lack in the schema."""

import argparse
import asyncio
import re
import tempfile
from importlib import import_module
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import DowngradeOps, UpgradeOps
from sqlalchemy import Connection, MetaData

from shared.db.engine import Database
from shared.db.migrate import newest, upgrade
from shared.events.tables import EventsBase
from shared.users.tables import UsersBase

TEMPLATE = '''"""{title}."""

import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = "{before}"


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''


async def write(service: str, message: str) -> Path:
    """Write `NNNN_<message>.py` and return its path; it is a draft to be read and edited."""
    before = newest(service)
    number = f"{int(before) + 1:04}"
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite+aiosqlite:///{scratch}/draft.sqlite3")
        try:
            await upgrade(service, database)
            async with database.engine.connect() as connection:
                up, down = await connection.run_sync(_missing, service)
        finally:
            await database.close()
    title = message.replace("_", " ").capitalize()
    folder = Path(str(import_module(service).__file__)).parent / "migrations/versions"
    path = folder / f"{number}_{message}.py"
    path.write_text(TEMPLATE.format(title=title, number=number, before=before, up=up, down=down))
    return path


def _missing(connection: Connection, service: str) -> tuple[str, str]:
    """Return the code of what the models have and the schema lacks, there and back."""
    models = import_module(f"{service}.models")
    every: list[MetaData] = [models.Base.metadata, EventsBase.metadata, UsersBase.metadata]
    options = {
        "target_metadata": every,
        "include_object": lambda *told: not (told[1] == "user_replicas" and told[3]),
        "compare_type": False,  # SQLite tells its types too loosely
    }
    context = MigrationContext.configure(connection, opts=options)
    script = produce_migrations(context, every)  # type: ignore[arg-type] # takes several as well
    return _code(script.upgrade_ops), _code(script.downgrade_ops)


def _code(operations: UpgradeOps | DowngradeOps | None) -> str:
    assert operations is not None  # noqa: S101 - produce_migrations always makes both
    return render_python_code(operations, render_as_batch=True).strip()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service")
    parser.add_argument("message", help="verb_object, as in add_attempt_seat")
    arguments = parser.parse_args()
    if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", arguments.message):
        parser.error("the message is verb_object in small letters")
    print(asyncio.run(write(arguments.service, arguments.message)))


if __name__ == "__main__":
    main()
