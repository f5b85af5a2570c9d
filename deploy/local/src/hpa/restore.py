"""`hpa restore`: a backup becomes the suite again, and everything in it is told once more."""

import asyncio
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, update

from hpa import lock
from hpa.backup import ENDINGS, read_backup
from hpa.console import step
from hpa.credentials import Secrets
from hpa.databases import prepare_databases
from hpa.errors import Refused
from hpa.fsck.tables import message_logs
from hpa.options import SERVICES, Options
from hpa.paths import DataDir
from shared.db.engine import Database
from shared.events.outbox import unpublish_all
from shared.events.tables import RelayState

UNKNOWN: Final = "Yetkazilgani noma'lum"
"""The text of the messaging service for what may or may not have been sent."""
REPLACED: Final = "replaced"


def restore_backup(options: Options, folder: Path, *, now: datetime) -> dict[str, Any]:
    """
    Make the backup in *folder* the data of HPA_DATA_DIR and return its manifest.

    What was there is kept in `replaced/`. The broker's store is dropped and every event is marked
    as not yet published, so that the next start tells all of it again. Raises `Refused` when
    the suite runs or the backup is not whole.
    """
    step(f"checking the files of {folder}")
    manifest = read_backup(folder)
    if manifest["kind"] == "postgresql" and options.postgres_url is None:
        message = "this backup is of PostgreSQL databases: set HPA_POSTGRES_URL"
        raise Refused(message)
    if manifest["kind"] == "sqlite" and options.postgres_url is not None:
        message = "this backup is of SQLite databases: unset HPA_POSTGRES_URL"
        raise Refused(message)
    data = DataDir(options.data_dir)
    data.make()
    held = lock.take(data.lock)
    try:
        _set_aside(data, now)
        data.make()
        shutil.copytree(folder / "keys", data.keys, dirs_exist_ok=True)
        shutil.copyfile(folder / "secrets.json", data.secrets)
        asyncio.run(_restore(options, data, folder, str(manifest["kind"])))
    finally:
        os.close(held)
    return manifest


def _set_aside(data: DataDir, now: datetime) -> None:
    target = data.root / REPLACED / f"{now:%Y%m%dT%H%M%S}"
    target.mkdir(parents=True)
    for path in (data.databases, data.keys, data.secrets):
        if path.exists():
            path.rename(target / path.name)
    for path in (data.nats_store, data.jwks):
        shutil.rmtree(path, ignore_errors=True)


async def _restore(options: Options, data: DataDir, folder: Path, kind: str) -> None:
    secrets = Secrets.load(data)
    await prepare_databases(options, data, secrets)
    secrets.save(data)
    files = {service: folder / "db" / f"{service}.{ENDINGS[kind]}" for service in SERVICES}
    step("putting the databases in place")
    if kind == "sqlite":
        for service, path in files.items():
            shutil.copyfile(path, data.sqlite(service))
    else:
        from hpa.pg_backup import restore_databases  # noqa: PLC0415 - its driver

        await restore_databases(secrets.database_urls, files)
    for service in SERVICES:
        step(f"marking the events of {service} to be told again")
        await _tell_again(service, secrets.database_urls[service])


async def _tell_again(service: str, url: str) -> None:
    database = Database(url)
    try:
        async with database.transaction() as tx:
            await tx.execute(delete(RelayState))
            await unpublish_all(tx)
            if service == "messaging":
                # They may have been sent after the backup was made; nobody gets them twice.
                await tx.execute(
                    update(message_logs)
                    .where(message_logs.c.status.in_(("pending", "sending")))
                    .values(status="failed", error=UNKNOWN, lease_until=None)
                )
    finally:
        await database.close()
