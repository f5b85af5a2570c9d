"""Settings of the messaging service."""

from typing import Annotated

from pydantic import Field, SecretStr

from messaging.domain.delivery import Pace
from messaging.telegram import BotApi
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables; the shared ones are in `shared.settings`."""

    telegram_bot_token: SecretStr = SecretStr("")
    """Empty: there is no bot, every message fails and says so."""
    telegram_api_base: str = "https://api.telegram.org"
    telegram_bot_username: str = ""
    """The bot's name in links; Telegram is asked once where it is empty."""
    telegram_rate: Annotated[float, Field(gt=0)] = 25.0
    """Messages a second over all replicas."""
    telegram_parallel: Annotated[int, Field(ge=1, le=500)] = 32
    """Calls in flight per replica; so many may be in doubt after a crash."""
    telegram_timeout: Annotated[float, Field(gt=0, le=60)] = 10.0
    """Seconds for one answer."""
    link_seconds: Annotated[int, Field(ge=1)] = 86_400
    """How long a link to bind a chat is valid."""
    telegram_webhook_secret: SecretStr = SecretStr("")
    """Set: updates come by webhook and prove themselves with it; empty: long polling."""
    telegram_webhook_url: str = ""
    """Where Telegram shall send updates; empty: the operator tells Telegram himself."""

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
