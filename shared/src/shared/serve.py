"""Running a service: migrations, then one server that goes away without losing a request."""

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Final, TypeVar

import structlog
import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from shared.db.engine import Database
from shared.db.migrate import upgrade
from shared.logging import configure_logging
from shared.settings import ServiceSettings

log = structlog.get_logger()

Settings = TypeVar("Settings", bound=ServiceSettings)

KEEP_ALIVE_SECONDS: Final = 90
"""Longer than the gateway keeps an idle connection, or it sends into one that just closed."""
DRAIN_LIMIT_SECONDS: Final = 20
BACKLOG: Final = 2048


class DrainingServer(uvicorn.Server):
    """
    A signal makes the service unready; only some seconds later does it stop taking requests.

    In between the gateway notices and sends no more. A second signal skips the wait, and so does
    SIGINT: it means that everything stops, the gateway too.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_seconds: float) -> None:
        """Serve *app*."""
        super().__init__(config)
        self._app = app
        self._drain_seconds = drain_seconds
        self._stop_at: float | None = None

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not kept in _captured_signals: uvicorn would raise them again and end with -15, not 0.
        if self._stop_at is not None or not self.started or sig == signal.SIGINT:
            self.should_exit = True
            return
        self._app.state.hpa.draining = True
        self._stop_at = time.monotonic() + self._drain_seconds

    @override
    async def on_tick(self, counter: int) -> bool:
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


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
    server = DrainingServer(_config(app, settings), app, settings.drain_seconds)
    # What exists now lives as long as the process; the collector need not look at it again.
    gc.collect()
    gc.freeze()
    server.run()
    if not server.started:
        sys.exit(1)


def _config(app: FastAPI, settings: ServiceSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_LIMIT_SECONDS,
    )


async def _migrate(package: str, settings: ServiceSettings) -> None:
    database = Database(settings.database_url)
    try:
        await upgrade(package, database)
    finally:
        await database.close()
    log.info("the schema is up to date", service=package)
