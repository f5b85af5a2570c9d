"""The environment of the suite: the names of the product, defaults, and what makes no sense."""

from pathlib import Path

import pytest

from hpa.errors import Refused
from hpa.options import SERVICES, read_options


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HPA_PORT", "HPA_DATA_DIR", "TELEGRAM_BOT_TOKEN", "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)


class TestReadOptions:
    def test_has_the_defaults_of_the_product(self) -> None:
        options = read_options()

        assert options.port == 8000
        assert options.data_dir == Path.cwd() / ".hpa"
        assert options.owner_username == "admin"
        assert options.owner_password is None
        assert options.postgres_url is None
        assert options.time_zone == "Asia/Tashkent"
        assert options.telegram_api_base == "https://api.telegram.org"
        assert [options.workers(service) for service in SERVICES] == [1] * 5

    def test_reads_the_names_of_the_product(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HPA_PORT", "8123")
        monkeypatch.setenv("HPA_WORKERS_RESULTS", "3")
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:x")

        options = read_options()

        assert options.port == 8123
        assert options.workers("results") == 3
        assert options.telegram_bot_token is not None
        assert options.telegram_bot_token.get_secret_value() == "1:x"

    def test_reads_detours_by_their_links(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HPA_DETOURS", "exams>results=127.0.0.1:9000, auth>nats=127.0.0.1:9001")

        assert read_options().detours == {
            "exams>results": "127.0.0.1:9000",
            "auth>nats": "127.0.0.1:9001",
        }

    def test_takes_an_empty_variable_for_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HPA_POSTGRES_URL", "")
        monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "")

        options = read_options()

        assert options.postgres_url is None
        assert options.telegram_bot_token is None

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("HPA_PORT", "http"),
            ("HPA_WORKERS_AUTH", "0"),
            ("ENVIRONMENT", "staging"),
            ("HPA_TIME_ZONE", "Mars/Olympus"),
            ("HPA_WORKERS_RESULTS", "65"),
            ("HPA_POSTGRES_URL", "mysql://hpa:geheim@db"),
            ("TELEGRAM_API_BASE", "api.telegram.org"),
            ("HPA_DETOURS", "exams>results"),
            ("HPA_DETOURS", "exams>results=127.0.0.1:9000,exams>disk=127.0.0.1:9001"),
        ],
    )
    def test_names_the_variable_that_makes_no_sense(
        self, name: str, value: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(name, value)

        with pytest.raises(Refused, match=name) as refused:
            read_options()

        assert "geheim" not in str(refused.value)
