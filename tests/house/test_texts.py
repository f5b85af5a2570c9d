"""Whatever a caller may be told can be told in Uzbek, Russian and English."""

import importlib

import pytest

from shared.errors import DomainError, Refused
from shared.http.language import LANGUAGES, Phrasebook
from shared.http.texts import TEXTS
from tests.house import text_rules, tree

SERVICES = sorted(path.name for path in (tree.ROOT / "services").iterdir() if path.is_dir())
OWN = {name: importlib.import_module(f"{name}.texts").TEXTS for name in SERVICES}
PHRASES = Phrasebook(TEXTS, *OWN.values())
BUSINESS = [
    kind
    for name in SERVICES
    for kind in vars(importlib.import_module(f"{name}.errors")).values()
    if isinstance(kind, type) and issubclass(kind, DomainError)
]

FILLED = {
    "available in {} {}.": "available in 7 seconds.",
    "value is {} {}.": "value is less than 7.",
    "{} {}": "7 characters",
    "{}": "7",
}
"""What may stand in the places of a sentence."""


def untold(text: str) -> bool:
    """Say whether a sentence lacks a translation in one of the languages."""
    filled = text
    for places, words in FILLED.items():
        filled = filled.replace(places, words)
    return len({PHRASES.say(filled, language) for language in LANGUAGES}) < len(LANGUAGES)


class TestSentences:
    def test_of_all_modules_are_translated(self) -> None:
        findings = {
            tree.name(path): found
            for path in text_rules.modules()
            if (found := list(filter(untold, text_rules.sentences(path.read_text()))))
        }

        assert not findings

    @pytest.mark.parametrize(
        "kind", [kind for kind in BUSINESS if issubclass(kind, Refused) and kind.text]
    )
    def test_of_the_business_are_uzbek_by_default(self, kind: type[Refused]) -> None:
        (others,) = (book[kind.text] for book in OWN.values() if kind.text in book)

        assert set(others) == set(LANGUAGES) - {"uz"}

    def test_of_one_service_are_in_no_other_book(self) -> None:
        books = [*OWN.values(), TEXTS]

        assert sum(map(len, books)) == len({text for book in books for text in book})


class TestTheChecker:
    def test_finds_what_nobody_has_translated(self) -> None:
        (found,) = text_rules.sentences('"""Nothing of this."""\nBAD = "Nobody said this before."')

        assert untold(found)

    def test_finds_sentences_with_places(self) -> None:
        assert text_rules.sentences('m = f"At most {n} of them."') == {"At most {} of them."}

    def test_passes_over_what_stands_in_the_document(self) -> None:
        assert not text_rules.sentences('WHAT = "A file of users."\nf(description="Only a day.")')
