"""The only place that builds things."""

from fastapi import FastAPI

from messaging.clients import BotName
from messaging.consumers import consumers
from messaging.routes import ROUTERS
from messaging.settings import Settings
from messaging.texts import TEXTS
from shared.app import build_app


def create_app(settings: Settings) -> FastAPI:
    """Build the application of the messaging service; the sender is a process of its own."""
    app = build_app(
        name="messaging",
        title="HPA messaging",
        description="Messages to students, and the chats that they are sent to.",
        settings=settings,
        routers=ROUTERS,
        consumers=consumers,
        texts=TEXTS,
        users=True,
    )
    app.state.bot_name = BotName(settings.bot_api, settings.telegram_bot_username)
    return app
