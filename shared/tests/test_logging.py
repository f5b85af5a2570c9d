"""Logs: JSON lines that hold no secret, and a full disk that fails nobody."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from shared.http import access
from shared.logging import configure_logging


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
