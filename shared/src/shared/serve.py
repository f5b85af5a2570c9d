"""Running a service: migrations, then one server that goes away without losing a request."""

import gc
import sys
from collections.abc import Callable
from typing import TypeVar

from fastapi import FastAPI

from shared.db.migrate import migrate, migrate_apart
from shared.logging import configure_logging
from shared.server import DrainingServer, configure
from shared.settings import ServiceSettings, read_settings, refuse
from shared.telemetry import tracing

Settings = TypeVar("Settings", bound=ServiceSettings)


def serve(
    create_app: Callable[[Settings], FastAPI], settings_class: Callable[[], Settings]
) -> None:
    """Run the service whose `main` module holds *create_app*; `migrate` only migrates."""
    settings = read_settings(settings_class)
    package = create_app.__module__.split(".", maxsplit=1)[0]
    configure_logging(package, settings.log_level)
    if sys.argv[1:] == ["migrate"]:
        migrate(package, settings.database_url)
        return
    if why := "; ".join(settings.needs()):
        refuse(why)
    if settings.migrate_on_start:
        migrate_apart(package, settings.database_url)
    tracing.start(package)
    app = create_app(settings)

    def drain() -> None:
        app.state.hpa.draining = True

    config = configure(app, settings.host, settings.port)
    server = DrainingServer(config, drain, settings.drain_seconds)
    # What exists now lives as long as the process; the collector need not look at it again.
    gc.collect()
    gc.freeze()
    server.run()
    tracing.stop()
    if not server.started:
        sys.exit(1)
