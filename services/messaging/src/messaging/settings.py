"""Settings of the messaging service."""

import re
from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field, SecretStr
from typing_extensions import override

from messaging.domain.delivery import Pace
from messaging.telegram import BotApi
from shared.settings import Addresses, ServiceSettings

MOST_A_SECOND: Final = 30
"""Telegram's own limit for a bot."""
WEBHOOK_SECRET: Final = re.compile(r"[\w-]{16,256}", re.ASCII)


class Settings(ServiceSettings):
    """Environment variables; the shared ones are in `shared.settings`."""

    telegram_bot_token: SecretStr = SecretStr("")
    """Empty: there is no bot, every message fails and says so."""
    telegram_api_base: Addresses = "https://api.telegram.org"
    telegram_bot_username: str = ""
    """The bot's name in links; Telegram is asked once where it is empty."""
    telegram_rate: Annotated[float, Field(gt=0)] = 25.0
    """Messages a second over all replicas."""
    telegram_parallel: Annotated[int, Field(ge=1, le=500)] = 32
    """Calls in flight per replica; so many may be in doubt after a crash."""
    telegram_timeout: Annotated[float, Field(gt=0, le=60)] = 10.0
    """Seconds for one answer."""
    link_seconds: Annotated[int, Field(ge=1, le=30 * 86_400)] = 86_400
    """How long a link to bind a chat is valid."""
    telegram_webhook_secret: SecretStr = SecretStr("")
    """Set: updates come by webhook and prove themselves with it; empty: long polling."""
    telegram_webhook_url: str = ""
    """Where Telegram shall send updates; empty: the operator tells Telegram himself."""

    @override
    def faults(self) -> Iterator[str]:
        yield from super().faults()
        secret = self.telegram_webhook_secret.get_secret_value()
        if self.telegram_webhook_url and not secret:
            yield (
                "TELEGRAM_WEBHOOK_URL is set without TELEGRAM_WEBHOOK_SECRET:"
                " anybody could bind a chat to a student"
            )
        if secret and not WEBHOOK_SECRET.fullmatch(secret):
            yield (
                "TELEGRAM_WEBHOOK_SECRET has to be 16 to 256 letters, digits, _ and -:"
                " Telegram takes nothing else, and less could be guessed"
            )

    @override
    def dangers(self) -> Iterator[str]:
        yield from super().dangers()
        if self.telegram_rate > MOST_A_SECOND:
            yield (
                f"TELEGRAM_RATE is {self.telegram_rate:g}, but Telegram stops a bot that sends"
                f" more than {MOST_A_SECOND} a second: a broadcast would not end in time"
            )

    @property
    def pace(self) -> Pace:
        """How fast the bot may go."""
        return Pace(rate=self.telegram_rate, timeout=self.telegram_timeout)

    def bot_api(self) -> BotApi | None:
        """Return a new client for Telegram, or None without a token."""
        token = self.telegram_bot_token.get_secret_value().strip()
        if not token:
            return None
        return BotApi(
            token,
            self.telegram_api_base,
            parallel=self.telegram_parallel,
            timeout=self.telegram_timeout,
        )
