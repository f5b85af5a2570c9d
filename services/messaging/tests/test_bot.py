"""The bot's ears: polling in turn, and the webhook's address."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import select

from messaging.bot import Bot
from messaging.domain.links import Reply
from messaging.models import TelegramPoller
from messaging.service import links as service
from messaging.settings import Settings
from services.messaging.tests.conftest import Caller
from services.messaging.tests.fake_bot import FakeBot
from services.messaging.tests.test_links import link, start, token_of
from shared.db.engine import Database
from shared.events.tables import Outbox
from shared.testing.waiting import eventually


@asynccontextmanager
async def listening(settings: Settings) -> AsyncIterator[Bot]:
    """Let a bot of this process poll during the block."""
    database, api = Database(settings.database_url), settings.bot_api()
    assert api is not None
    bot = Bot(database, api, settings.pace)
    task = asyncio.create_task(bot.run())
    try:
        yield bot
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await api.close()
        await database.close()


async def next_update(database: Database) -> int:
    async with database.reading() as view:
        return int(await view.scalar(select(TelegramPoller.next_update)) or 0)


async def linked(database: Database) -> int:
    async with database.reading() as view:
        return len(list(await view.scalars(select(Outbox.id))))


async def said(telegram: FakeBot, chat: int) -> list[str]:
    return telegram.texts(chat)


class TestPolling:
    async def test_binds_a_chat_and_answers(
        self, settings: Settings, teacher: Caller, telegram: FakeBot, database: Database
    ) -> None:
        token = token_of(await link(teacher, {"student": 10}))
        telegram.updates = [start(token) | {"update_id": 70}, {"update_id": 71}]

        async with listening(settings):
            await eventually(lambda: next_update(database), until=lambda n: n == 72)
            answers = await eventually(lambda: said(telegram, 4242))

        assert answers == [Reply.LINKED]
        assert await linked(database) == 1

    async def test_is_done_by_one_replica_at_a_time(
        self, settings: Settings, teacher: Caller, telegram: FakeBot, database: Database
    ) -> None:
        token = token_of(await link(teacher, {"student": 10}))

        async with listening(settings), listening(settings):
            telegram.updates = [start(token) | {"update_id": 70}]
            await eventually(lambda: next_update(database), until=lambda n: n == 71)
            await eventually(lambda: said(telegram, 4242))

        assert telegram.texts(4242) == [Reply.LINKED]

    async def test_is_given_to_one_of_many_who_ask_at_once(self, database: Database) -> None:
        async def ask(owner: str) -> int | None:
            async with database.transaction() as tx:
                return await service.take_turn(tx, owner, 10)

        turns = await asyncio.gather(*(ask(f"replica {n}") for n in range(8)))

        assert [turn for turn in turns if turn is not None] == [0]

    async def test_goes_on_where_the_last_one_stopped(
        self, settings: Settings, telegram: FakeBot
    ) -> None:
        telegram.updates = [start() | {"update_id": 70}]
        async with listening(settings):
            await eventually(lambda: said(telegram, 4242))

        async with listening(settings):
            await eventually(lambda: offsets(telegram), until=lambda seen: seen.count(71) >= 1)

        assert telegram.texts(4242) == [Reply.WELCOME]

    async def test_takes_an_old_webhook_away(
        self, settings: Settings, telegram: FakeBot, database: Database
    ) -> None:
        telegram.webhook = "https://old.example/"
        telegram.updates = [start() | {"update_id": 5}]

        async with listening(settings):
            await eventually(lambda: next_update(database), until=lambda n: n == 6)

        assert telegram.webhook == ""

    async def test_tells_telegram_where_the_webhook_is(
        self, settings: Settings, telegram: FakeBot, database: Database
    ) -> None:
        api = settings.bot_api()
        assert api is not None

        await Bot(database, api, settings.pace).announce("https://hpa.example/hook/", "s" * 32)

        assert telegram.webhook == "https://hpa.example/hook/"
        await api.close()


async def offsets(telegram: FakeBot) -> list[int]:
    return telegram.offsets
