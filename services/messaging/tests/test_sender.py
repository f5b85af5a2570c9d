"""What becomes of a message, by a real sender against a Bot API that listens."""

import asyncio
import math
import time
from collections import deque

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select, update

from messaging.domain.delivery import (
    AT_ONCE,
    MAX_RETRIES,
    MICROS,
    NO_CHAT,
    NO_TOKEN,
    UNKNOWN,
    InLine,
    Pace,
    Sending,
    Verdict,
)
from messaging.models import MessageLog
from messaging.repository import clock, delivery
from messaging.sender import Sender
from messaging.settings import Settings
from services.messaging.tests import fake_bot
from services.messaging.tests.conftest import Caller, Read, sending, tell, told
from services.messaging.tests.fake_bot import FakeBot, Reply
from shared.db.engine import Database
from shared.testing import processes
from shared.testing.waiting import eventually


@pytest.mark.usefixtures("sender")
class TestAMessage:
    async def test_reaches_each_student_once(
        self, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        message = await teacher.write("Ertaga <b>imtihon</b> bor", 10, 11, 12)

        logs = await logs_of(message["id"])

        assert {log["status"] for log in message["logs"]} == {"pending"}
        assert {log["status"] for log in logs.values()} == {"sent"}
        assert all(log["error"] is None and log["sent_at"].endswith("Z") for log in logs.values())
        assert telegram.delivered == {1010: 1, 1011: 1, 1012: 1}
        assert telegram.texts(1010) == ["Ertaga <b>imtihon</b> bor"]
        assert await teacher.get(f"/messages/{message['id']}/progress/") == {
            "total": 3,
            "pending": 0,
            "sent": 3,
            "failed": 0,
        }

    async def test_ends_as_its_answers_say(
        self, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        telegram.script[1010] = deque([fake_bot.BLOCKED])
        telegram.script[1011] = deque([fake_bot.NO_CHAT])
        telegram.script[1012] = deque([fake_bot.BAD_GATEWAY])
        telegram.script[1013] = deque([fake_bot.HANGS])
        telegram.script[1014] = deque([fake_bot.RESETS])
        telegram.script[1015] = deque([fake_bot.FAULT])
        telegram.script[1016] = deque([fake_bot.refusal(400, f"x {fake_bot.TOKEN} " + "y" * 600)])

        message = await teacher.write("Salom", *range(10, 18))
        logs = await logs_of(message["id"])

        errors = {each: log["error"] for each, log in logs.items()}
        text = errors.pop(16)
        assert errors == {
            10: "Forbidden: bot was blocked by the user",
            11: "Bad Request: chat not found",
            12: UNKNOWN,
            13: UNKNOWN,
            14: UNKNOWN,
            15: None,
            17: None,
        }
        assert "***" in text
        assert len(text) <= 500
        assert fake_bot.TOKEN not in text
        assert all((log["sent_at"] is None) == (log["status"] == "failed") for log in logs.values())
        counts = {chat: len(telegram.texts(chat)) for chat in range(1010, 1018)}
        assert counts == dict.fromkeys(range(1010, 1018), 1) | {1015: 2}

    async def test_lets_the_whole_bot_wait_on_429(
        self, teacher: Caller, telegram: FakeBot, logs_of: Read, sender: Sender
    ) -> None:
        telegram.script[1010] = deque([fake_bot.too_many(2)])
        first = await teacher.write("Salom", 10)
        await eventually(lambda: _is_paused(sender))

        second = await teacher.write("Salom", 11)
        await logs_of(first["id"])
        await logs_of(second["id"])

        refused, again = telegram.times(1010)
        assert again - refused >= 2
        assert telegram.times(1011)[0] - refused >= 2

    async def test_follows_a_student_to_his_new_chat(
        self, app: FastAPI, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        await logs_of((await teacher.write("Bir", 10))["id"])
        await tell(app.state.hpa.database, told(10, version=2, telegram_id=777))

        await logs_of((await teacher.write("Ikki", 10))["id"])

        assert (telegram.texts(1010), telegram.texts(777)) == (["Bir"], ["Ikki"])

    async def test_to_a_student_without_a_chat_fails_at_once(
        self, app: FastAPI, teacher: Caller, logs_of: Read
    ) -> None:
        await tell(app.state.hpa.database, told(10, version=2, telegram_id=None))

        logs = await logs_of((await teacher.write("Salom", 10, 11))["id"])

        assert (logs[10]["status"], logs[10]["error"]) == ("failed", NO_CHAT)
        assert logs[11]["status"] == "sent"

    async def test_reaches_each_of_several_students_with_one_chat(
        self, app: FastAPI, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        await tell(app.state.hpa.database, told(11, version=2, telegram_id=1010))
        began = time.monotonic()

        logs = await logs_of((await teacher.write("Salom", 10, 11))["id"])

        assert {log["status"] for log in logs.values()} == {"sent"}
        _, second = telegram.times(1010)
        assert second - began >= 1  # one a second to a chat; the first may have been late

    async def test_that_failed_is_sent_again_on_demand(
        self, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        telegram.script[1010] = deque([fake_bot.BLOCKED])
        message = await teacher.write("Salom", 10, 11)
        await logs_of(message["id"])
        unreachable = await teacher.get("/telegram/links/?linked=false")

        answer = await teacher.ask("POST", f"/messages/{message['id']}/retry/")
        logs = await logs_of(message["id"])

        assert answer.status_code == 200
        assert {log["recipient"]: log["status"] for log in answer.json()["logs"]} == {
            10: "pending",
            11: "sent",
        }
        assert {log["status"] for log in logs.values()} == {"sent"}
        assert telegram.delivered == {1010: 1, 1011: 1}
        assert [each["id"] for each in unreachable] == [10]
        assert await teacher.get("/telegram/links/?linked=false") == []


class TestAHungChat:
    async def test_holds_nobody_up(
        self, settings: Settings, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        telegram.script[1010] = deque([fake_bot.HANGS])
        message = await teacher.write("Salom", *range(10, 20))

        async with sending(settings.model_copy(update={"telegram_timeout": 60})):
            progress = await eventually(
                lambda: teacher.get(f"/messages/{message['id']}/progress/"),
                until=lambda found: found["sent"] == 9,
            )
            telegram.let_go()
            logs = await logs_of(message["id"])

        assert progress["pending"] == 1
        assert logs[10]["error"] == UNKNOWN


class TestPending:
    async def test_is_sent_with_the_text_of_the_moment(
        self, settings: Settings, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        message = await teacher.write("Eski", 10)
        await teacher.ask("PATCH", f"/messages/{message['id']}/", {"text": "Yangi"})

        async with sending(settings):
            await logs_of(message["id"])

        assert telegram.texts(1010) == ["Yangi"]

    async def test_is_cancelled_with_its_message(
        self, settings: Settings, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        gone = await teacher.write("Bekor", 10)
        await teacher.ask("DELETE", f"/messages/{gone['id']}/")
        stays = await teacher.write("Qoladi", 11)

        async with sending(settings):
            await logs_of(stays["id"])

        assert telegram.delivered == {1011: 1}

    async def test_may_go_while_it_is_on_the_wire(
        self, settings: Settings, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        telegram.script[1010] = deque([Reply(seconds=0.3)])
        gone = await teacher.write("Bekor", 10)
        async with sending(settings):
            await eventually(lambda: _count(telegram, 1010))
            assert (await teacher.ask("DELETE", f"/messages/{gone['id']}/")).status_code == 204
            await logs_of((await teacher.write("Qoladi", 11))["id"])

        assert telegram.delivered == {1010: 1, 1011: 1}

    async def test_stays_pending_while_telegram_cannot_be_reached(
        self, settings: Settings, teacher: Caller, logs_of: Read
    ) -> None:
        port = processes.free_port()
        away = settings.model_copy(update={"telegram_api_base": f"http://127.0.0.1:{port}"})
        message = await teacher.write("Salom", 10, 11)
        async with sending(away) as sender:
            await eventually(lambda: _failures(sender), until=lambda count: count >= 2)
            logs = (await teacher.get(f"/messages/{message['id']}/"))["logs"]
            assert {log["status"] for log in logs} == {"pending"}

            with fake_bot.fake_bot(port) as telegram:
                found = await logs_of(message["id"])

        assert {log["status"] for log in found.values()} == {"sent"}
        assert telegram.delivered == {1010: 1, 1011: 1}

    async def test_is_given_up_after_three_retries_of_a_fault(
        self,
        settings: Settings,
        teacher: Caller,
        telegram: FakeBot,
        logs_of: Read,
        database: Database,
    ) -> None:
        telegram.script[1010] = deque([fake_bot.FAULT] * 2)
        message = await teacher.write("Salom", 10)
        async with database.transaction() as tx:
            await tx.execute(update(MessageLog).values(tries=MAX_RETRIES))

        async with sending(settings):
            logs = await logs_of(message["id"])

        assert logs[10]["error"] == "Internal Server Error: restart"
        assert len(telegram.texts(1010)) == 1

    async def test_fails_without_a_bot_and_says_so(
        self, app: FastAPI, settings: Settings, teacher: Caller, logs_of: Read
    ) -> None:
        await tell(app.state.hpa.database, told(10, version=2, telegram_id=None))
        message = await teacher.write("Salom", 10, 11)

        async with sending(settings.model_copy(update={"telegram_bot_token": SecretStr("")})):
            logs = await logs_of(message["id"])

        assert {each: log["error"] for each, log in logs.items()} == {10: NO_CHAT, 11: NO_TOKEN}

    async def test_goes_back_to_the_queue_when_the_sender_stops(
        self, settings: Settings, teacher: Caller, telegram: FakeBot
    ) -> None:
        message = await teacher.write("Salom", *range(10, 20))

        async with sending(settings, pace=Pace(rate=5, timeout=1)):
            await eventually(lambda: _count(telegram, 1010))

        progress = await teacher.get(f"/messages/{message['id']}/progress/")
        assert progress["sent"] == len(telegram.calls) < 10
        assert progress["pending"] == 10 - progress["sent"]


class TestAClockThatWentBack:
    """The database's: what was written before then lies in its future."""

    async def test_holds_nobody_up(
        self, settings: Settings, database: Database, teacher: Caller, logs_of: Read
    ) -> None:
        message = await teacher.write("Salom", 10, 11)
        async with database.transaction() as tx:
            assert set(await tx.scalars(select(MessageLog.due_at))) == {AT_ONCE}
            later = await clock.get_now(tx) + 120 * MICROS
            await delivery.get_pace_for_update(tx)
            await delivery.set_next_slot(tx, later)
            await delivery.set_chat_slots(tx, {1010: later})

        async with sending(settings):
            logs = await logs_of(message["id"])

        assert {log["status"] for log in logs.values()} == {"sent"}


class TestThePace:
    async def test_gives_a_slot_up_that_is_over(
        self, settings: Settings, database: Database, telegram: FakeBot
    ) -> None:
        api = settings.bot_api()
        assert api is not None
        sender = Sender(database, api, settings.pace, parallel=2)
        for log_id, latest in ((1, math.inf), (2, 0.0)):
            sending = Sending(log_id, "a", 1000 + log_id, "Salom", tries=0, slot=0)
            sender._line.put_nowait(InLine(sending, start=0, latest=latest, until=math.inf))
        sender._line.put_nowait(None)

        await sender._launch(api)
        await asyncio.gather(*sender._calls)
        settled = [sender._settled.get_nowait() for _ in range(2)]
        await api.close()

        ends = {one.sending.log_id: one.outcome.verdict for one in settled if one}
        assert ends == {1: Verdict.SENT, 2: Verdict.UNSENT}
        assert list(telegram.delivered) == [1001]

    async def test_of_three_replicas_together_stays_under_the_limit(
        self, settings: Settings, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        pace = Pace(rate=8, timeout=1)
        messages = [await teacher.write("Salom", *range(10, 20)) for _ in range(2)]
        started = time.monotonic()
        async with (
            sending(settings, pace=pace),
            sending(settings, pace=pace),
            sending(settings, pace=pace),
        ):
            for message in messages:
                await logs_of(message["id"])

        last, _, _ = telegram.calls[-1]
        assert last - started >= 19 / 8  # no call comes before its slot; a busy machine adds to it
        assert set(telegram.delivered.values()) == {2}

    async def test_never_has_more_calls_open_than_allowed(
        self, settings: Settings, teacher: Caller, telegram: FakeBot, logs_of: Read
    ) -> None:
        for chat in range(1010, 1020):
            telegram.script[chat] = deque([Reply(seconds=0.05)])
        message = await teacher.write("Salom", *range(10, 20))

        async with sending(settings, parallel=2):
            await logs_of(message["id"])

        assert telegram.most_open == 2


async def _count(bot: FakeBot, chat: int) -> int:
    return len(bot.texts(chat))


async def _is_paused(sender: Sender) -> bool:
    await asyncio.sleep(0)
    return bool(sender._paused_until)


async def _failures(sender: object) -> int:
    await asyncio.sleep(0)
    return int(getattr(sender, "_failures"))  # noqa: B009 - a look inside
