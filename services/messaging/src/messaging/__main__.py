"""`python -m messaging`: the API; `… migrate`: only the migrations; `… sender`: the sender."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from functools import partial

import uvloop

from messaging.bot import Bot
from messaging.sender import Sender
from messaging.service import delivery
from messaging.settings import Settings
from shared.db.durable import require_durable
from shared.db.engine import Database
from shared.db.migrate import migrate_apart
from shared.errors import Unavailable
from shared.logging import configure_logging
from shared.settings import read_settings
from shared.telemetry.metrics import gauge, page
from shared.telemetry.serving import serving_metrics

SENDER = ["sender"]


def main() -> None:
    """Run the role that the command line names."""
    if sys.argv[1:] == SENDER:
        settings = read_settings(Settings)
        configure_logging("messaging-sender", settings.log_level)
        if settings.migrate_on_start:
            migrate_apart("messaging", settings.database_url)
        uvloop.run(send(settings))
        return
    # The sender needs no web framework, so it does not pay for one.
    from messaging.main import create_app  # noqa: PLC0415 - only this role needs it
    from shared.serve import serve  # noqa: PLC0415 - only this role needs it

    serve(create_app, Settings)


async def send(settings: Settings) -> None:
    """Send messages and listen to the bot until SIGTERM; then end what is on the wire."""
    database, api = Database(settings.database_url), settings.bot_api()
    if settings.environment == "production":
        await require_durable(database)
    sender = Sender(database, api, settings.pace, parallel=settings.telegram_parallel)
    listening = None
    if api is not None:
        listening = asyncio.create_task(_listen(Bot(database, api, settings.pace), settings))
    _on_signals(sender.stop)
    try:
        told = partial(metrics_page, sender, database)
        async with serving_metrics(settings.host, settings.port, told):
            await sender.run()
    finally:
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        if api is not None:
            await api.close()
        await database.close()


async def metrics_page(sender: Sender, database: Database) -> bytes:
    """Return what the sender tells Prometheus; without the database, less of it."""
    text = "How long this replica still pauses, as Telegram or a failure told it."
    found = [gauge("hpa_telegram_paused_seconds", text, sender.paused_seconds)]
    with contextlib.suppress(Unavailable):
        async with database.reading() as view:
            waiting = await delivery.count_pending(view)
        found.append(gauge("hpa_messages_pending", "Messages that wait, by student.", waiting))
    return page(found)


async def _listen(bot: Bot, settings: Settings) -> None:
    secret = settings.telegram_webhook_secret.get_secret_value()
    if not secret:
        await bot.run()
    elif settings.telegram_webhook_url:
        await bot.announce(settings.telegram_webhook_url, secret)


def _on_signals(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


if __name__ == "__main__":
    main()
