"""The help of the hpa command: examples that can be typed, and colours only where they show."""

import io
import shlex

import pytest
from typing_extensions import override

from hpa import cli, console
from hpa.words import EXAMPLES

LINES = [line for lines in EXAMPLES.values() for line in lines]


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


class TestTheExamples:
    @pytest.mark.parametrize("line", LINES)
    def test_are_what_the_command_takes(self, line: str) -> None:
        words = shlex.split(line.rpartition(" hpa ")[2])
        ends = [place for place, word in enumerate(words) if word in {"|", ">", "<"}]

        cli._parser().parse_args(words[: ends[0]] if ends else words)

    @pytest.mark.parametrize("name", ["up", "status", "demo", "fsck", "backup", "restore"])
    def test_are_shown_with_their_command(
        self, capsys: pytest.CaptureFixture[str], name: str
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            cli.main([name, "--help"])

        shown = capsys.readouterr().out
        assert ended.value.code == 0
        assert f"examples:\n  hpa {name}" in shown

    def test_stand_above_the_exit_codes(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            cli.main(["--help"])

        shown = capsys.readouterr().out
        assert shown.index("examples:") < shown.index("exit codes:")


class TestColours:
    @pytest.fixture(autouse=True)
    def plain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("TERM", "xterm")

    def test_are_shown_on_a_terminal(self) -> None:
        assert console.paint("ok", "green", Terminal()) == "\x1b[32mok\x1b[0m"

    def test_are_left_out_of_files_and_pipes(self) -> None:
        assert console.paint("ok", "green", io.StringIO()) == "ok"

    @pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
    def test_are_left_out_when_they_are_unwanted(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)

        assert console.paint("ok", "green", Terminal()) == "ok"

    def test_and_progress_stay_out_of_what_was_asked_for(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        console.step("one of five")

        told = capsys.readouterr()
        assert (told.out, told.err) == ("", "one of five\n")
