"""What the documents point at is there, and they stay short."""

import re
from pathlib import Path

import pytest

from tests.house import tree

LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)(?:#[^)]*)?\)")
DOCUMENTS = [path for path in tree.files() if path.suffix == ".md"]
LIMITS = {"README.md": 150, "docs/adr/*.md": 40, "services/*/README.md": 60}


def broken_links(text: str, folder: Path) -> list[str]:
    """Return the links of a document that lead nowhere."""
    return [link for link in LINK.findall(text) if not (folder / link).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=tree.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    assert not broken_links(path.read_text(), path.parent)


@pytest.mark.parametrize("pattern", LIMITS)
def test_documents_are_short(pattern: str) -> None:
    long = {
        tree.name(path): lines
        for path in tree.ROOT.glob(pattern)
        if (lines := len(path.read_text().splitlines())) > LIMITS[pattern]
    }

    assert not long


def test_every_decision_has_its_parts() -> None:
    parts = {"## Context", "## Decision", "## Consequences", "## Violated when", "## Enforced by"}
    decisions = sorted(tree.ROOT.glob("docs/adr/*.md"))

    assert len({path.name[:4] for path in decisions}) == len(decisions)
    assert not [path.name for path in decisions if not parts <= set(path.read_text().splitlines())]


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()

    assert broken_links("[a](gone.md) [b](there.md) [c](https://x.uz/)", tmp_path) == ["gone.md"]
