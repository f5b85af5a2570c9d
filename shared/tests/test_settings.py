"""Settings: what would break a promise is refused at start, with its name and the reason."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.settings import MISCONFIGURED, ServiceSettings, read_settings
from shared.testing.refusals import refusal_of

GOOD: dict[str, Any] = {
    "database_url": "postgresql+asyncpg://things:geheim@db/things",
    "service_secret": "0123456789abcdef" * 2,
    "nats_url": "nats://things:geheim@nats:4222",
}
SECRET = "fedcba9876543210" * 2
told = partial(refusal_of, ServiceSettings, **GOOD)


class TestServiceSettings:
    def test_take_what_compose_tells(self) -> None:
        production = GOOD | {"environment": "production", "auth_url": "http://a:8000,http://b:8000"}

        settings = ServiceSettings(**production, auth_secret=SECRET)

        assert (settings.drain_seconds, settings.request_seconds) == (3.0, 3.3)
        assert list(settings.needs()) == []

    @pytest.mark.parametrize(
        ("name", "value", "why"),
        [
            ("database_url", "postgresql://things@db/things", "begins with sqlite"),
            ("database_url", "mysql://x", "begins with sqlite"),
            ("database_url", "sqlite+aiosqlite://", "in memory"),
            ("database_url", "sqlite+aiosqlite:///:memory:", "in memory"),
            ("database_url", "sqlite+aiosqlite:///:memory:?cache=shared", "in memory"),
            ("nats_url", "http://nats:4222", "begins with nats://"),
            ("jwks_url", "auth:8000", "begins with http"),
            ("auth_url", "http://a,b", "begins with http"),
            ("cors_origins", "*", "begins with http"),
            ("hpa_time_zone", "Asia/Hogwarts", "no IANA time zone"),
            ("log_level", "LOUD", "DEBUG"),
            ("port", 65536, "65535"),
            ("service_secret", "short", "at least 32"),
            ("token_issuer", "", "at least 1"),
            ("drain_seconds", -1, "greater than or equal to 0"),
            ("drain_seconds", 61, "less than or equal to 60"),
            ("request_seconds", 0, "greater than 0"),
            ("request_seconds", 61, "less than or equal to 60"),
            ("environment", "staging", "production"),
        ],
    )
    def test_refuse_what_makes_no_sense(self, name: str, value: object, why: str) -> None:
        said = told(**{name: value})

        assert name in said
        assert why in said
        assert "geheim" not in said

    def test_read_a_level_in_small_letters(self) -> None:
        assert ServiceSettings(**GOOD, log_level="warning").log_level == "WARNING"

    @pytest.mark.parametrize("other", ["auth", "exams", "results"])
    @pytest.mark.parametrize("secret", ["", "short"])
    def test_refuse_an_address_without_its_secret(self, other: str, secret: str) -> None:
        said = told(**{f"{other}_url": "http://a:8000", f"{other}_secret": secret})

        assert f"{other.upper()}_SECRET" in said
        assert "refuse every call" in said


class TestProduction:
    @pytest.mark.parametrize(
        ("name", "value", "why"),
        [
            ("drain_seconds", 0.5, "DRAIN_SECONDS is 0.5.*rolling restart would fail"),
            ("drain_seconds", 9, "DRAIN_SECONDS is 9.*killed before it has answered"),
            ("request_seconds", 3.4, "REQUEST_SECONDS is 3.4.*carried out nevertheless"),
            ("service_secret", "ab" * 16, "SERVICE_SECRET can be guessed"),
        ],
    )
    def test_refuses_what_a_laptop_may_have(self, name: str, value: object, why: str) -> None:
        ServiceSettings(**(GOOD | {name: value}))

        with pytest.raises(ValidationError, match=why):
            ServiceSettings(**(GOOD | {name: value, "environment": "production"}))

    def test_names_all_reasons_at_once(self) -> None:
        said = told(environment="production", drain_seconds=0, request_seconds=30)

        assert "DRAIN_SECONDS" in said
        assert "REQUEST_SECONDS" in said

    def test_needs_a_broker_to_serve(self) -> None:
        alone = ServiceSettings(**(GOOD | {"environment": "production", "nats_url": ""}))

        assert list(alone.needs()) == [
            "NATS_URL is empty: no event would ever reach another service"
        ]


class TestReadSettings:
    def test_ends_with_one_sentence_and_no_secret(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "mysql://things:geheim@db/things")
        monkeypatch.setenv("SERVICE_SECRET", "geheim")

        with pytest.raises(SystemExit) as ended:
            read_settings(ServiceSettings)

        said = capsys.readouterr().err
        assert ended.value.code == MISCONFIGURED
        assert said.startswith("refusing to start: DATABASE_URL: the address of a database")
        assert "SERVICE_SECRET: " in said
        assert said.count("\n") == 1
        assert "geheim" not in said

    @pytest.mark.parametrize(
        ("variables", "why"),
        [
            ({"DRAIN_SECONDS": "1"}, "a rolling restart would fail requests"),
            ({"NATS_URL": ""}, "no event would ever reach another service"),
        ],
    )
    def test_stops_a_server_before_it_touches_its_database(
        self, tmp_path: Path, variables: dict[str, str], why: str
    ) -> None:
        code = "from shared.serve import serve; from shared.settings import ServiceSettings as S"
        environment = {
            **os.environ,
            "ENVIRONMENT": "production",
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/things.sqlite3",
            "SERVICE_SECRET": SECRET,
            "NATS_URL": GOOD["nats_url"],
            **variables,
        }

        ended = subprocess.run(
            [sys.executable, "-c", f"{code}; serve(lambda settings: None, S)"],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

        assert (ended.returncode, ended.stdout) == (MISCONFIGURED, "")
        assert why in ended.stderr
        assert not (tmp_path / "things.sqlite3").exists()
