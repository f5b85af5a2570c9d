"""Logs: bounded, cut in place, read from their end; and one form for what libraries say."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hpa.child import as_json_line
from hpa.disk import has_space
from hpa.errors import Refused
from hpa.logs import Log, cut_logs, follow, last_lines, show

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class TestLog:
    def test_is_cut_in_place_while_somebody_appends(self, tmp_path: Path) -> None:
        log = Log(tmp_path / "one.log", limit=10)
        with (tmp_path / "one.log").open("ab", buffering=0) as writer:
            writer.write(b"a long old line\n")
            log.cut()
            writer.write(b"new\n")

        assert (tmp_path / "one.log").read_bytes() == b"new\n"
        assert (tmp_path / "one.log.1").read_bytes() == b"a long old line\n"

    def test_is_left_alone_below_its_limit(self, tmp_path: Path) -> None:
        (tmp_path / "one.log").write_text("short\n")

        cut_logs(tmp_path, limit=10)

        assert [path.name for path in tmp_path.iterdir()] == ["one.log"]

    def test_may_be_absent(self, tmp_path: Path) -> None:
        Log(tmp_path / "none.log").cut()

    def test_loses_lines_rather_than_fail(self) -> None:
        Log(Path("/dev/full")).write(b"lost\n")


class TestShow:
    def test_gives_the_end_of_one(self, tmp_path: Path) -> None:
        (tmp_path / "one.log").write_text("".join(f"{n}\n" for n in range(100)))

        assert list(show(tmp_path, "one", is_following=False))[-1] == "99"
        assert last_lines(tmp_path / "one.log", 2) == ["98", "99"]

    def test_names_the_process_where_there_are_several(self, tmp_path: Path) -> None:
        (tmp_path / "one.log").write_text("x\n")
        (tmp_path / "three.log").write_text("y\n")

        assert list(show(tmp_path, None, is_following=False)) == ["one   | x", "three | y"]

    def test_refuses_an_unknown_process(self, tmp_path: Path) -> None:
        (tmp_path / "one.log").write_text("x\n")

        with pytest.raises(Refused, match="there are: one"):
            list(show(tmp_path, "two", is_following=False))

    def test_follows_what_is_added_and_what_was_cut(self, tmp_path: Path) -> None:
        path = tmp_path / "one.log"
        path.write_text("old line\n")
        lines = follow([path])
        later = threading.Timer(0.05, lambda: Log(path).write(b"added\n"))
        later.start()

        assert next(lines) == (path, "added")
        later.join()
        path.write_text("anew\n")
        assert next(lines) == (path, "anew")


class TestAsJsonLine:
    @pytest.mark.parametrize(
        ("line", "level", "event"),
        [
            (b"[7] 2026/03/02 12:00:00.000001 [INF] Server is ready\n", "info", "Server is ready"),
            (b"[7] 2026/03/02 12:00:00.000001 [ERR] out of luck\n", "error", "out of luck"),
            (b"[7] 2026/03/02 12:00:00.000001 [INF] \n", "info", ""),
            (b"ValueError: \xff\n", "error", "ValueError: \ufffd"),
            (b"GET /bot123456:AAbb_cc-dd/sendMessage\n", "error", "GET /bot***/sendMessage"),
        ],
    )
    def test_says_level_and_text(self, line: bytes, level: str, event: str) -> None:
        entry = json.loads(as_json_line(line, NOW))

        assert entry == {"level": level, "event": event, "timestamp": "2026-03-02T12:00:00Z"}

    def test_leaves_json_as_it_is(self) -> None:
        assert as_json_line(b'{"event": "x"}\n', NOW) == b'{"event": "x"}\n'


class TestHasSpace:
    def test_is_true_where_there_is_some(self, tmp_path: Path) -> None:
        assert has_space(tmp_path)
        assert not list(tmp_path.iterdir())

    def test_is_false_where_there_is_too_little(self, tmp_path: Path) -> None:
        assert not has_space(tmp_path, 1 << 60)
