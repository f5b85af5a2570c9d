"""The client: what it knows when a call goes wrong, and that it never tells the token."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import structlog

from messaging.domain.delivery import IN_DOUBT, UNSENT, Outcome, Verdict
from messaging.telegram import BotApi, CallFailed, uptime
from services.messaging.tests import fake_bot
from services.messaging.tests.fake_bot import TOKEN, FakeBot, Reply
from shared.testing.listening import listening


def client(base: str, timeout: float = 0.5) -> BotApi:
    return BotApi(TOKEN, base, parallel=2, timeout=timeout)


@pytest.fixture
async def api(telegram: FakeBot) -> AsyncIterator[BotApi]:
    api = client(telegram.url)
    yield api
    await api.close()


async def send(api: BotApi, *, until: float | None = None) -> Outcome:
    late = uptime() + 2 if until is None else until
    return await api.send(7, "Salom", tries=0, until=late)


async def send_to(base: str) -> Outcome:
    api = client(base)
    try:
        return await send(api)
    finally:
        await api.close()


class TestSend:
    async def test_is_sent_when_telegram_says_so(self, api: BotApi, telegram: FakeBot) -> None:
        assert await send(api) == Outcome(Verdict.SENT)
        assert telegram.texts(7) == ["Salom"]

    @pytest.mark.parametrize(
        "reply",
        [fake_bot.HANGS, fake_bot.RESETS, fake_bot.BAD_GATEWAY, Reply(200, b"{", delivers=True)],
        ids=["hang", "reset", "502", "half an answer"],
    )
    async def test_is_in_doubt_once_it_was_written(
        self, api: BotApi, telegram: FakeBot, reply: Reply
    ) -> None:
        telegram.script[7] = deque([reply])

        assert await send(api) == IN_DOUBT
        assert telegram.delivered[7] == 1

    async def test_is_unsent_when_nobody_listens(self) -> None:
        assert await send_to("http://127.0.0.1:9") == UNSENT

    async def test_is_unsent_when_the_name_is_unknown(self) -> None:
        assert await send_to("http://telegram.invalid") == UNSENT

    async def test_is_unsent_when_tls_fails(self, telegram: FakeBot) -> None:
        assert await send_to(telegram.url.replace("http:", "https:")) == UNSENT
        assert telegram.calls == []

    async def test_is_unsent_when_the_connection_is_not_accepted(self) -> None:
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            with socket.create_connection(full.getsockname()):
                outcome = await send_to(f"http://127.0.0.1:{full.getsockname()[1]}")

        assert outcome in {UNSENT, IN_DOUBT}  # whether the backlog takes it is the kernel's choice

    async def test_is_unsent_when_its_claim_is_too_old(
        self, api: BotApi, telegram: FakeBot
    ) -> None:
        assert await send(api, until=uptime() - 0.001) == UNSENT
        assert telegram.calls == []

    async def test_is_unsent_too_late_on_a_connection_that_is_open(
        self, api: BotApi, telegram: FakeBot
    ) -> None:
        await send(api)

        assert await send(api, until=uptime() - 0.001) == UNSENT
        assert len(telegram.calls) == 1

    async def test_ends_with_a_server_that_trickles(self) -> None:
        async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            with suppress(ConnectionError):
                while True:
                    writer.write(b"H")
                    await writer.drain()
                    await asyncio.sleep(0.1)

        async with listening(trickle) as url:
            slow = client(url)
            began = uptime()

            outcome = await send(slow, until=began + 0.5)

            await slow.close()
        assert outcome == IN_DOUBT
        assert uptime() - began < 3


class TestCall:
    async def test_returns_the_result(self, api: BotApi) -> None:
        assert (await api.call("getMe"))["username"] == "hpa_test_bot"

    async def test_fails_without_the_token_in_sight(self, telegram: FakeBot) -> None:
        for base in ("http://127.0.0.1:9", f"{telegram.url}/elsewhere", "http://[bad"):
            api = client(base)
            with pytest.raises(CallFailed) as failed:
                await api.call("getMe")
            await api.close()
            assert TOKEN not in repr(failed.value)
            assert failed.value.__cause__ is None


class TestLogs:
    @pytest.mark.parametrize("base", ["http://127.0.0.1:9", "http://[bad", "ftp://x"])
    async def test_never_show_the_token(self, base: str) -> None:
        with structlog.testing.capture_logs() as logs:
            outcome = await send_to(base)

        assert outcome == UNSENT
        assert logs
        assert TOKEN not in str(logs)


def test_tls_of_the_client_verifies_certificates() -> None:
    api: Any = client("https://api.telegram.org")

    context = api._http._transport._pool._ssl_context

    assert context is None or context.verify_mode is ssl.CERT_REQUIRED
