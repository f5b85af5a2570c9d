"""HTTP in and out of the messaging service."""

from typing import Final

from messaging.routes import messages, telegram

ROUTERS: Final = [messages.router, telegram.router]
