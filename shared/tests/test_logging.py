"""Logs: JSON lines that hold no secret, and a full disk that fails nobody."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest
import structlog

from shared.http import access
from shared.logging import configure_logging, scrub


@pytest.fixture(autouse=True)
def _undone() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)


def lines_of(stream: io.BytesIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class TestConfigureLogging:
    def test_writes_one_json_object_a_line(self) -> None:
        stream = io.BytesIO()
        configure_logging("exams", stream=stream)

        structlog.get_logger().info("hello", exam=5)

        assert [(one["event"], one["exam"], one["service"]) for one in lines_of(stream)] == [
            ("hello", 5, "exams")
        ]

    def test_cuts_secrets_out(self) -> None:
        stream = io.BytesIO()
        configure_logging("exams", stream=stream)

        structlog.get_logger().info("nats://auth:geheim@host", password="geheim")

        assert b"geheim" not in stream.getvalue()

    @pytest.mark.parametrize("before", ["Bearer ", "Bearer%20", "?token=", "x"])
    def test_cuts_tokens_out_whatever_stands_before_them(self, before: str) -> None:
        token = jwt.encode({"sub": "1"}, "k" * 32, "HS256")

        assert scrub(f"{before}{token} end") == f"{before}*** end"

    def test_takes_linear_time_for_hostile_texts(self) -> None:
        # In quadratic time the first of them would take minutes, beyond what a run may last.
        for text in ("eyJ", "eyJ.", "/bot1", "nats://a:", "1234567:"):
            assert len(scrub(text * 100_000)) <= len(text) * 100_000

    def test_goes_on_when_the_disk_is_full(self) -> None:
        with open("/dev/full", "ab") as full:  # noqa: PTH123 - it is no file
            configure_logging("exams", stream=full)

            structlog.get_logger().info("lost")
            structlog.get_logger().info("lost too")


class TestTheAccessLog:
    def test_loses_lines_when_the_disk_is_full_and_nothing_else(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        def answered(path: str) -> None:
            access.write("exams", b"id", "GET", path, 200, 0.0)

        with open("/dev/full", "w") as full:  # noqa: PTH123 - it is no file
            monkeypatch.setattr("sys.stdout", full)
            answered("/lost/")
        with (tmp_path / "log").open("w") as log:
            monkeypatch.setattr("sys.stdout", log)
            answered("/kept/")

        assert json.loads((tmp_path / "log").read_text())["path"] == "/kept/"
