"""Settings of messaging: what would stop a broadcast or open the webhook is refused at start."""

from functools import partial
from typing import Any

import pytest
from pydantic import SecretStr

from messaging.settings import Settings
from shared.testing.refusals import refusal_of

SECRET = "0123456789abcdef" * 2
GOOD: dict[str, Any] = {
    "database_url": "sqlite+aiosqlite:///x",
    "service_secret": SECRET,
    "drain_seconds": 3,
    "request_seconds": 3.3,
}
told = partial(refusal_of, Settings, **GOOD)


@pytest.mark.parametrize("secret", ["short", "x" * 257, "not allowed here!"])
def test_a_secret_that_telegram_does_not_take_is_refused(secret: str) -> None:
    assert "16 to 256 letters" in told(telegram_webhook_secret=SecretStr(secret))


def test_a_webhook_without_a_secret_is_refused() -> None:
    url = "https://hpa.example/api/v1/telegram/webhook/"

    assert "anybody could bind a chat" in told(telegram_webhook_url=url)
    assert not told(telegram_webhook_url=url, telegram_webhook_secret=SecretStr("s" * 32))


def test_a_pace_that_telegram_stops_is_refused_in_production() -> None:
    assert not told(telegram_rate=60)
    assert not told(telegram_rate=30, environment="production")
    assert "TELEGRAM_RATE is 60" in told(telegram_rate=60, environment="production")


def test_all_reasons_are_told_together() -> None:
    said = told(telegram_rate=60, environment="production", service_secret="a" * 32)

    assert "TELEGRAM_RATE" in said
    assert "SERVICE_SECRET" in said
