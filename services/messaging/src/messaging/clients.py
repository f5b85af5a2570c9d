"""What the API itself asks Telegram: the bot's name, once."""

from collections.abc import Callable
from typing import Final

from messaging.errors import BotTokenMissing, BotUnreachable
from messaging.telegram import BotApi, CallFailed

ASK_SECONDS: Final = 2.0


class BotName:
    """The name that links carry."""

    def __init__(self, connect: Callable[[], BotApi | None], name: str) -> None:
        """Take *name*, or be ready to ask for it; *connect* gives None without a token."""
        self._connect = connect
        self._name = name.removeprefix("@")

    async def get(self) -> str:
        """Return the name. Raises `BotTokenMissing` without a bot, or `BotUnreachable`."""
        api = self._connect()
        if api is None:
            raise BotTokenMissing
        try:
            self._name = self._name or await _ask(api)
        finally:
            await api.close()
        return self._name


async def _ask(api: BotApi) -> str:
    try:
        me = await api.call("getMe", seconds=ASK_SECONDS)
    except CallFailed:
        raise BotUnreachable from None
    name = me.get("username") if isinstance(me, dict) else None
    if not isinstance(name, str) or not name:
        raise BotUnreachable
    return name
