"""Binding a chat: the link, the bot's /start, and who cannot be reached."""

import asyncio
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import select

from messaging.domain.links import Blocked, Reply, Started, read_update
from messaging.main import create_app
from messaging.models import TelegramLink
from messaging.service import links as service
from messaging.settings import Settings
from services.messaging.tests.conftest import Caller, tell, told
from services.messaging.tests.fake_bot import FakeBot
from shared.clock import utcnow
from shared.contracts.base import Envelope
from shared.db.engine import Database
from shared.events.tables import Outbox
from shared.testing.plugin import MakeClient
from shared.testing.tokens import TokenFactory

CHAT = 4242


def start(token: str = "", *, chat: int = CHAT, kind: str = "private") -> dict[str, Any]:
    """Return the update of somebody who opened the bot."""
    text = f"/start {token}".strip()
    return {"update_id": 1, "message": {"chat": {"id": chat, "type": kind}, "text": text}}


def blocked(chat: int = CHAT) -> dict[str, Any]:
    member = {"chat": {"id": chat, "type": "private"}, "new_chat_member": {"status": "kicked"}}
    return {"update_id": 1, "my_chat_member": member}


async def tell_bot(database: Database, update: object) -> str | None:
    async with database.transaction() as tx:
        answer = await service.handle_update(tx, update, now=utcnow())
    return answer.text if answer else None


async def events(database: Database) -> list[dict[str, Any]]:
    async with database.reading() as view:
        payloads = await view.scalars(select(Outbox.payload).order_by(Outbox.id))
        return [Envelope.parse(payload).data for payload in payloads]


def token_of(body: dict[str, Any]) -> str:
    query = str(urlsplit(body["url"]).query)
    return parse_qs(query)["start"][0]


async def link(caller: Caller, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await caller.ask("POST", "/telegram/link/", body)
    assert answer.status_code == 201, answer.text
    return cast("dict[str, Any]", answer.json())


class TestCreateLink:
    async def test_gives_staff_a_link_for_a_student(
        self, teacher: Caller, telegram: FakeBot
    ) -> None:
        first = await link(teacher, {"student": 10})
        second = await link(teacher, {"student": 10})

        assert set(first) == {"url", "expires_at"}
        assert first["url"].startswith("https://t.me/hpa_test_bot?start=")
        assert first["expires_at"].endswith("Z")
        assert len(token_of(first)) <= 64
        assert first["url"] != second["url"]
        assert telegram.asked["getMe"] == 1

    async def test_gives_a_student_his_own_whatever_he_asks(
        self, student: Caller, database: Database
    ) -> None:
        await link(student)
        await link(student, {"student": 11})

        async with database.reading() as view:
            assert list(await view.scalars(select(TelegramLink.user_id))) == [10, 10]

    async def test_stores_no_token(self, teacher: Caller, database: Database) -> None:
        token = token_of(await link(teacher, {"student": 10}))

        async with database.reading() as view:
            stored = (await view.scalars(select(TelegramLink))).one()
        assert token not in str(vars(stored))
        assert len(stored.token_hash) == 64

    async def test_is_for_students_only(self, teacher: Caller, nobody: Caller) -> None:
        await nobody.refused("POST", "/telegram/link/", {"student": 10}, status=401)
        assert await teacher.refused("POST", "/telegram/link/") == {
            "student": ["This field is required."]
        }
        assert await teacher.refused("POST", "/telegram/link/", {"student": 3}) == {
            "student": ['Invalid pk "3" - object does not exist.']
        }

    async def test_needs_a_bot(
        self, settings: Settings, make_client: MakeClient, tokens: TokenFactory
    ) -> None:
        app = create_app(settings.model_copy(update={"telegram_bot_token": SecretStr("")}))
        teacher = Caller(await make_client(app), tokens.headers(3, "employee"))
        await tell(app.state.hpa.database, told(10))

        answer = await teacher.refused("POST", "/telegram/link/", {"student": 10})

        assert answer == {"error": "TELEGRAM_BOT_TOKEN topilmadi"}

    async def test_comes_again_when_telegram_is_away(
        self, settings: Settings, make_client: MakeClient, tokens: TokenFactory
    ) -> None:
        app = create_app(settings.model_copy(update={"telegram_api_base": "http://127.0.0.1:9"}))
        teacher = Caller(await make_client(app), tokens.headers(3, "employee"))
        await tell(app.state.hpa.database, told(10))

        answer = await teacher.ask("POST", "/telegram/link/", {"student": 10})

        assert answer.status_code == 503
        assert settings.telegram_bot_token.get_secret_value() not in answer.text


class TestStart:
    async def test_binds_the_chat_once(self, teacher: Caller, database: Database) -> None:
        token = token_of(await link(teacher, {"student": 10}))

        first = await tell_bot(database, start(token))
        same = await tell_bot(database, start(token))
        other = await tell_bot(database, start(token, chat=777))

        assert (first, same, other) == (Reply.LINKED, Reply.LINKED, Reply.EXPIRED)
        (told_auth,) = await events(database)
        assert told_auth["user_id"] == 10
        assert told_auth["telegram_id"] == CHAT

    async def test_binds_only_one_of_two_chats_that_come_at_once(
        self, teacher: Caller, database: Database
    ) -> None:
        token = token_of(await link(teacher, {"student": 10}))

        said = await asyncio.gather(
            *(tell_bot(database, start(token, chat=chat)) for chat in range(1, 6))
        )

        assert sorted(str(one) for one in said) == sorted([Reply.LINKED] + [Reply.EXPIRED] * 4)
        assert len(await events(database)) == 1

    async def test_comes_too_late(self, teacher: Caller, database: Database) -> None:
        token = token_of(await link(teacher, {"student": 10}))

        with time_machine.travel(utcnow() + timedelta(days=1, seconds=1)):
            answer = await tell_bot(database, start(token))

        assert answer == Reply.EXPIRED
        assert await events(database) == []

    @pytest.mark.parametrize("token", ["x", "A" * 43])
    async def test_knows_no_other_token(self, database: Database, token: str) -> None:
        assert await tell_bot(database, start(token)) == Reply.EXPIRED

    async def test_without_a_token_greets(self, database: Database) -> None:
        assert await tell_bot(database, start()) == Reply.WELCOME

    async def test_binds_no_group(self, teacher: Caller, database: Database) -> None:
        token = token_of(await link(teacher, {"student": 10}))

        assert await tell_bot(database, start(token, chat=-100, kind="group")) is None
        assert await events(database) == []


class TestListLinks:
    async def test_shows_whom_no_message_reaches(self, teacher: Caller, database: Database) -> None:
        await tell(database, told(11, version=2, telegram_id=None))
        await tell(database, told(12, version=2, is_active=False, telegram_id=None))
        await tell_bot(database, blocked(1013))

        found = await teacher.get("/telegram/links/?linked=false")
        reached = await teacher.get("/telegram/links/?linked=true")

        assert [(one["id"], one["telegram_id"], one["linked"]) for one in found] == [
            (11, None, False),
            (13, 1013, False),
        ]
        assert found[0]["unreachable_since"] is None
        assert found[1]["unreachable_since"].endswith("Z")
        assert {one["id"] for one in reached} == {10, *range(14, 20)}

    async def test_forgets_a_block_with_the_next_start(
        self, teacher: Caller, database: Database
    ) -> None:
        await tell_bot(database, blocked(1013))

        await tell_bot(database, start(chat=1013))

        assert await teacher.get("/telegram/links/?linked=false") == []

    async def test_is_a_list_like_the_others(self, teacher: Caller) -> None:
        answer = await teacher.ask("GET", "/telegram/links/?limit=2&search=user")

        assert [one["full_name"] for one in answer.json()] == ["User 10", "User 11"]
        assert answer.headers["X-Total-Count"] == "10"
        await teacher.refused("GET", "/telegram/links/?linked=x")

    async def test_is_for_staff(self, nobody: Caller, student: Caller) -> None:
        await nobody.refused("GET", "/telegram/links/", status=401)
        await student.refused("GET", "/telegram/links/", status=403)


class TestReceiveUpdate:
    @pytest.fixture
    async def telegrams_side(
        self, settings: Settings, make_client: MakeClient, tokens: TokenFactory
    ) -> tuple[Caller, Caller]:
        changes = {"telegram_webhook_secret": SecretStr("s" * 32)}
        app = create_app(settings.model_copy(update=changes))
        client = await make_client(app)
        await tell(app.state.hpa.database, told(10))
        secret = {"X-Telegram-Bot-Api-Secret-Token": "s" * 32}
        return Caller(client, secret), Caller(client, tokens.headers(3, "employee"))

    async def test_binds_the_chat_and_answers_as_the_bot(
        self, telegrams_side: tuple[Caller, Caller]
    ) -> None:
        telegram, teacher = telegrams_side
        token = token_of(await link(teacher, {"student": 10}))

        answer = await telegram.ask("POST", "/telegram/webhook/", start(token))

        assert answer.status_code == 200
        assert answer.json() == {"method": "sendMessage", "chat_id": CHAT, "text": Reply.LINKED}

    async def test_takes_whatever_telegram_says(
        self, telegrams_side: tuple[Caller, Caller]
    ) -> None:
        telegram, _ = telegrams_side

        for update in ({}, {"update_id": 1}, [1], "x", {"message": 5}):
            answer = await telegram.ask("POST", "/telegram/webhook/", update)
            assert (answer.status_code, answer.json()) == (200, {})

    async def test_believes_nobody_without_the_secret(
        self, telegrams_side: tuple[Caller, Caller]
    ) -> None:
        _, teacher = telegrams_side

        await teacher.refused("POST", "/telegram/webhook/", start(), status=403)

    async def test_is_absent_without_a_webhook(self, teacher: Caller) -> None:
        await teacher.refused("POST", "/telegram/webhook/", start(), status=404)


class TestReadUpdate:
    @pytest.mark.parametrize(
        ("text", "token"),
        [("/start", None), ("/start  abc_-9", "abc_-9"), ("/start@hpa_bot abc", "abc")],
    )
    def test_understands_start(self, text: str, token: str | None) -> None:
        update = start()
        update["message"]["text"] = text

        assert read_update(update) == Started(CHAT, token)

    def test_understands_a_block(self) -> None:
        assert read_update(blocked()) == Blocked(CHAT)

    @pytest.mark.parametrize(
        "update",
        [
            None,
            [],
            {"message": {"chat": {"id": 1, "type": "private"}}},
            {"message": {"chat": {"id": True, "type": "private"}, "text": "/start"}},
            {"message": {"chat": {"id": 2**63, "type": "private"}, "text": "/start"}},
            {"message": {"chat": {"id": 1, "type": "private"}, "text": "/start a b"}},
            {"message": {"chat": {"id": 1, "type": "private"}, "text": "salom"}},
            {"message": {"chat": 1, "text": "/start"}},
            {"my_chat_member": {"chat": {"id": 1, "type": "private"}}},
        ],
    )
    def test_ignores_the_rest(self, update: object) -> None:
        assert read_update(update) is None
