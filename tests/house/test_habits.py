"""What people are told to type is there: make targets, hooks, and the tests that decisions name."""

import re
from pathlib import Path

import pytest
import yaml

from tests.house import tree

TARGET = re.compile(r"^([a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*)*):(?!=)", re.MULTILINE)
HELPED = re.compile(r"^([a-z0-9-]+):.*## \S", re.MULTILINE)
MAKE = re.compile(r"(?:^|`)make ([a-z][a-z -]*[a-z])", re.MULTILINE)
NAMED = re.compile(r"`((?:tests|shared|services|gateway|deploy|scripts)/[\w./-]+)`")
MAKEFILE = (tree.ROOT / "Makefile").read_text()
ALIASES = {"chaos", "test-chaos"}
"""One job under two names; one of them is in the list."""


def targets(makefile: str) -> set[str]:
    """Return what `make` can be asked for."""
    return {name for names in TARGET.findall(makefile) for name in names.split()}


def asked(text: str) -> set[str]:
    """Return the targets that a document tells people to make, quoted or on a line of their own."""
    return {word for command in MAKE.findall(text) for word in command.split()}


def gone(text: str) -> list[str]:
    """Return the files and folders that a text names and that are not there."""
    roots = (tree.ROOT, tree.ROOT / "shared" / "src")
    return [name for name in NAMED.findall(text) if not any((one / name).exists() for one in roots)]


def hooks() -> list[dict[str, str]]:
    repos = yaml.safe_load((tree.ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]  # nothing is downloaded
    return [hook for repo in repos for hook in repo["hooks"]]


def test_hooks_call_make_and_nothing_else() -> None:
    entries = [hook["entry"].split() for hook in hooks()]

    assert {program for program, _ in entries} == {"make"}
    assert {target for _, target in entries} <= targets(MAKEFILE)


def test_every_target_is_in_the_help() -> None:
    assert targets(MAKEFILE) - set(HELPED.findall(MAKEFILE)) - ALIASES == set()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_target_that_people_are_told_of_is_there(name: str) -> None:
    told = asked((tree.ROOT / name).read_text())

    assert told
    assert told <= targets(MAKEFILE)


@pytest.mark.parametrize("path", sorted(tree.ROOT.glob("docs/adr/*.md")), ids=tree.name)
def test_what_a_decision_is_enforced_by_is_there(path: Path) -> None:
    text = path.read_text()

    assert not gone(text[text.index("## Enforced by") :])


def test_every_decision_is_in_the_readme() -> None:
    readme = (tree.ROOT / "README.md").read_text()

    assert not [
        path.name
        for path in tree.ROOT.glob("docs/adr/*.md")
        if f"](docs/adr/{path.name})" not in readme
    ]


class TestTheCheckers:
    def test_find_a_target_that_is_told_of(self) -> None:
        text = "Type `make rooms`.\n```sh\nmake run   # starts\nmake test\n```\nso make it"

        assert asked(text) == {"rooms", "run", "test"}

    def test_find_targets_and_no_variables(self) -> None:
        assert targets("BIN := x\nlint types: setup  ## Both\n.PHONY: a\n") == {"lint", "types"}

    def test_find_a_file_that_is_gone(self) -> None:
        assert gone("`tests/house/test_gone.py` · `tests/house/test_habits.py`") == [
            "tests/house/test_gone.py"
        ]
