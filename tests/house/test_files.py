"""What may stand in a tracked file, and which versions may be installed."""

import subprocess
import sys

import pytest

from tests.house import file_rules, tree

DOCUMENTS = tree.ROOT / "scripts/build_documents.py"


class TestTrackedFiles:
    def test_name_no_index_and_no_machine(self) -> None:
        findings = {
            tree.name(path): found
            for path in tree.files()
            if path.suffix not in {".svg", ".png", ".ico", ".woff2"}
            and (found := file_rules.addresses(path.read_text(errors="replace")))
        }

        assert not findings

    def test_hold_no_lock_that_names_an_index(self) -> None:
        assert not [path for path in tree.files() if path.name == "uv.lock"]

    @pytest.mark.skipif(not DOCUMENTS.exists(), reason="there is nothing generated yet")
    def test_that_are_generated_are_fresh(self) -> None:
        check = subprocess.run(
            [sys.executable, str(DOCUMENTS), "--check"],
            cwd=tree.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

        assert check.returncode == 0, check.stdout + check.stderr


class TestTheLock:
    lock = (tree.ROOT / "requirements.lock").read_text()

    def test_pins_everything_by_hash(self) -> None:
        assert not file_rules.unpinned(self.lock)

    def test_stays_above_the_floors(self) -> None:
        assert not file_rules.below_floor(self.lock)

    def test_holds_what_is_asked_for(self) -> None:
        asked = {
            file_rules.PIN.sub("", line).split("[")[0].split(">")[0].strip()
            for line in (tree.ROOT / "requirements.in").read_text().splitlines()
            if line and not line.startswith("#")
        }
        held = {match["name"].lower() for match in file_rules.PIN.finditer(self.lock)}

        assert asked <= held


class TestTheCheckers:
    """Each rule finds what was planted, and lets pass what is right."""

    @pytest.mark.parametrize(
        "line",
        [
            "--index-url htt" + "ps://pypi.example.org/simple",
            "cd /wo" + "rk/main",
            "see /ro" + "ot/x",
        ],
    )
    def test_an_address_is_found(self, line: str) -> None:
        assert file_rules.addresses(line)

    @pytest.mark.parametrize(
        "line", ["/api/v1/work-logs/", "services/worklogs/", "https://keepachangelog.com/"]
    )
    def test_an_ordinary_line_passes(self, line: str) -> None:
        assert not file_rules.addresses(line)

    @pytest.mark.parametrize(
        "lock",
        ["a==1\n", "a>=1 \\\n    --hash=sha256:0\n", "--index-url x\na==1 --hash=sha256:0\n"],
    )
    def test_a_loose_pin_is_found(self, lock: str) -> None:
        assert file_rules.unpinned(lock)
        assert not file_rules.unpinned("a==1 \\\n    --hash=sha256:0\n    # via b\n")

    def test_a_low_version_is_found(self) -> None:
        lock = "pyjwt==2.{}\nstarlette==1.3.1\nnats-server-bin==2.14.0\n"

        assert file_rules.below_floor(lock.format("14.9"))
        assert not file_rules.below_floor(lock.format("15.0"))
        assert file_rules.below_floor(lock.format("15.0") + "python-jose==3\n")
