"""Running a service: migrations, then one server that goes away without losing a request."""

import asyncio
import gc
import sys
from collections.abc import Callable
from typing import TypeVar

import structlog
from fastapi import FastAPI

from shared.db.engine import Database
from shared.db.migrate import upgrade
from shared.logging import configure_logging
from shared.server import DrainingServer, configure
from shared.settings import ServiceSettings

log = structlog.get_logger()

Settings = TypeVar("Settings", bound=ServiceSettings)


def serve(
    create_app: Callable[[Settings], FastAPI], settings_class: Callable[[], Settings]
) -> None:
    """Run the service whose `main` module holds *create_app*; `migrate` only migrates."""
    settings = settings_class()
    package = create_app.__module__.split(".", maxsplit=1)[0]
    configure_logging(package, settings.log_level)
    only_migrate = sys.argv[1:] == ["migrate"]
    if only_migrate or settings.migrate_on_start:
        asyncio.run(_migrate(package, settings))
    if only_migrate:
        return
    app = create_app(settings)

    def drain() -> None:
        app.state.hpa.draining = True

    config = configure(app, settings.host, settings.port)
    server = DrainingServer(config, drain, settings.drain_seconds)
    # What exists now lives as long as the process; the collector need not look at it again.
    gc.collect()
    gc.freeze()
    server.run()
    if not server.started:
        sys.exit(1)


async def _migrate(package: str, settings: ServiceSettings) -> None:
    database = Database(settings.database_url)
    try:
        await upgrade(package, database)
    finally:
        await database.close()
    log.info("the schema is up to date", service=package)
