"""What the event classes promise to every consumer, inside the suite and outside of it."""

import copy
from typing import Any, ClassVar

import pytest

from shared.contracts.base import Event
from shared.contracts.catalog import EVENTS
from tests.house import code_rules, contract_rules, tree

SUBJECTS = [event.subject for event in EVENTS]


def real_consumers(event: type[Event]) -> set[str]:
    """Return the services of which some module registers a handler for the event."""
    return {
        path.relative_to(tree.ROOT).parts[1]
        for path in tree.sources()
        if path.relative_to(tree.ROOT).parts[0] == "services"
        and event.__name__ in code_rules.handled_events(path.read_text())
    }


def real_producers(event: type[Event]) -> set[str]:
    """Return the services of which some module makes the event."""
    return {
        path.relative_to(tree.ROOT).parts[1]
        for path in tree.sources()
        if path.relative_to(tree.ROOT).parts[0] == "services"
        and f"{event.__name__}(" in path.read_text()
    }


@pytest.mark.parametrize("event", EVENTS, ids=SUBJECTS)
class TestEvents:
    def test_are_named_after_what_happened(self, event: type[Event]) -> None:
        assert not contract_rules.misnamed(event)

    def test_say_when_they_are_emitted(self, event: type[Event]) -> None:
        assert not contract_rules.undocumented(event)

    def test_have_the_consumers_they_declare(self, event: type[Event]) -> None:
        assert not contract_rules.disagreements(
            event.consumers, real_consumers(event), event.__name__
        )

    def test_have_the_producer_they_declare(self, event: type[Event]) -> None:
        assert not contract_rules.disagreements(
            [event.producer], real_producers(event), event.__name__
        )

    def test_only_grow(self, event: type[Event]) -> None:
        frozen = contract_rules.frozen_schema(event)

        assert frozen is not None, "new: `make events` freezes its schema"
        assert not contract_rules.narrowed(frozen, contract_rules.schema_of(event))

    def test_carry_no_secret_and_no_key_of_an_exam(self, event: type[Event]) -> None:
        fields = set(event.model_fields)

        assert not fields & {
            "password",
            "is_correct",
            "written_answer_sample",
            "token",
            "questions",
        }


def test_subjects_are_told_once() -> None:
    assert len(set(SUBJECTS)) == len(SUBJECTS)


def test_no_schema_is_left_of_an_event_that_is_gone() -> None:
    assert {path.stem for path in contract_rules.FROZEN.glob("*.json")} == set(SUBJECTS)


class RoomOpenedV1(Event):
    """A room was opened."""

    subject: ClassVar[str] = "hpa.room.opened.v1"
    producer: ClassVar[str] = "test_contracts"
    consumers: ClassVar[tuple[str, ...]] = ()

    room_id: int
    name: str | None = None


class TestTheCheckers:
    """Each rule finds what was planted, and lets pass what is right."""

    def test_a_right_event_passes(self) -> None:
        assert not contract_rules.misnamed(RoomOpenedV1)
        assert not contract_rules.undocumented(RoomOpenedV1)

    @pytest.mark.parametrize(
        "subject",
        ["hpa.room.opened.v2", "hpa.door.opened.v1", "hpa.room.open.v1", "room.opened.v1"],
    )
    def test_a_wrong_subject_is_found(self, subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RoomOpenedV1, "subject", subject)

        assert contract_rules.misnamed(RoomOpenedV1)

    def test_a_foreign_producer_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RoomOpenedV1, "producer", "exams")

        assert contract_rules.misnamed(RoomOpenedV1)

    def test_a_missing_docstring_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RoomOpenedV1, "__doc__", None)

        assert contract_rules.undocumented(RoomOpenedV1)

    def test_an_idle_and_a_hidden_consumer_are_found(self) -> None:
        assert contract_rules.disagreements({"exams"}, {"exams", "auth"}, "X")
        assert contract_rules.disagreements({"exams", "auth"}, {"exams"}, "X")
        assert not contract_rules.disagreements({"exams"}, {"exams"}, "X")

    def test_a_new_optional_field_passes(self) -> None:
        frozen = self._frozen()
        del frozen["schema"]["properties"]["name"]

        assert not contract_rules.narrowed(frozen, contract_rules.schema_of(RoomOpenedV1))

    @pytest.mark.parametrize("change", ["gone", "retyped", "required", "optional", "moved"])
    def test_a_narrowed_schema_is_found(self, change: str) -> None:
        frozen = self._frozen()
        schema = frozen["schema"]
        match change:
            case "gone":
                schema["properties"]["floor"] = {"type": "integer"}
            case "retyped":
                schema["properties"]["room_id"]["type"] = "string"
            case "required":
                schema["required"].remove("room_id")
            case "optional":
                schema["required"].append("name")
            case _:
                frozen["subject"] = "hpa.room.closed.v1"

        assert contract_rules.narrowed(frozen, contract_rules.schema_of(RoomOpenedV1))

    def _frozen(self) -> dict[str, Any]:
        return copy.deepcopy(contract_rules.schema_of(RoomOpenedV1))
