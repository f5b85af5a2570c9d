"""The bot's ears: one replica at a time asks Telegram what people wrote to the bot."""

import asyncio
import time
from typing import Any, Final
from uuid import uuid4

import structlog

from messaging.domain.delivery import WRITE_SECONDS, Pace, Verdict
from messaging.service import delivery
from messaging.service import links as service
from messaging.telegram import BotApi, CallFailed, uptime
from shared.clock import utcnow
from shared.db.engine import Database
from shared.errors import Unavailable

log = structlog.get_logger()

POLL_SECONDS: Final = 10
TURN_SECONDS: Final = POLL_SECONDS + 8.0
ANSWER_SECONDS: Final = POLL_SECONDS + 5.0
OTHERS_TURN_SECONDS: Final = 3.0
LEAST_SECONDS: Final = 0.5
"""A server that does not wait with its answer must not be asked in a circle."""
LONGEST_BACKOFF: Final = 30.0
UPDATES: Final = ["message", "my_chat_member"]
CONFLICT: Final = 409


class Bot:
    """Polls in turn with the other replicas, or tells Telegram where the webhook is."""

    def __init__(self, database: Database, api: BotApi, pace: Pace) -> None:
        """Answer people over *api* at the bot's *pace*."""
        self._database = database
        self._api = api
        self._pace = pace
        self._owner = uuid4().hex
        self._failures = 0

    async def run(self) -> None:
        """Poll until cancelled; then let another replica do it."""
        try:
            while True:
                rest = await self._guarded(self._poll)
                await asyncio.sleep(rest)
        finally:
            await asyncio.shield(self._end_turn())

    async def announce(self, url: str, secret: str) -> None:
        """Tell Telegram the address of the webhook."""
        body = {"url": url, "secret_token": secret, "allowed_updates": UPDATES}

        async def announce() -> float:
            await self._api.call("setWebhook", body)
            return 0

        rest = await self._guarded(announce)
        while rest:
            await asyncio.sleep(rest)
            rest = await self._guarded(announce)

    async def _guarded(self, step: Any) -> float:  # noqa: ANN401 - a coroutine function
        try:
            rest = float(await step())
        except CallFailed as error:
            log.warning("the bot cannot ask Telegram", reason=str(error))
            self._failures += 1
            await self._clear_webhook(error)
            return self._backoff()
        except Unavailable:
            return OTHERS_TURN_SECONDS
        except Exception:
            log.exception("polling failed")
            self._failures += 1
            return self._backoff()
        self._failures = 0
        return rest

    def _backoff(self) -> float:
        return min(2.0 ** min(self._failures, 10) / 2, LONGEST_BACKOFF)

    async def _clear_webhook(self, error: CallFailed) -> None:
        """Telegram refuses to be polled while an old webhook is set."""
        if error.status == CONFLICT and "webhook" in str(error):
            try:
                await self._api.call("deleteWebhook")
            except CallFailed as failure:
                log.warning("the old webhook stays", reason=str(failure))

    async def _poll(self) -> float:
        async with self._database.transaction() as tx:
            offset = await service.take_turn(tx, self._owner, TURN_SECONDS)
        if offset is None:
            return OTHERS_TURN_SECONDS
        began = time.monotonic()
        body = {"offset": offset, "timeout": POLL_SECONDS, "allowed_updates": UPDATES}
        updates = await self._api.call("getUpdates", body, seconds=ANSWER_SECONDS)
        for update in updates if isinstance(updates, list) else []:
            if isinstance(update, dict) and type(update.get("update_id")) is int:
                await self._handle(update)
        return LEAST_SECONDS if time.monotonic() - began < LEAST_SECONDS else 0

    async def _handle(self, update: dict[str, Any]) -> None:
        async with self._database.transaction() as tx:
            if not await service.pass_update(tx, self._owner, update["update_id"]):
                return
            answer = await service.handle_update(tx, update, now=utcnow())
        if answer is not None:
            await self._say(answer)

    async def _say(self, answer: service.Answer) -> None:
        """Answer, once: a lost answer is not worth a second one."""
        async with self._database.transaction() as tx:
            wait = await delivery.reserve_slot(tx, self._pace, answer.chat_id)
        if wait is None:
            return
        await asyncio.sleep(wait)
        until = uptime() + WRITE_SECONDS
        outcome = await self._api.send(answer.chat_id, answer.text, tries=0, until=until)
        if outcome.verdict is Verdict.SLOW_DOWN:
            async with self._database.transaction() as tx:
                await delivery.pause(tx, outcome.wait)

    async def _end_turn(self) -> None:
        try:
            async with self._database.transaction() as tx:
                await service.end_turn(tx, self._owner)
        except Unavailable:
            log.warning("the poller's turn ends by itself")
