"""The checker of the fault tests finds what is planted, and lets pass what is right."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from shared.testing.listening import listening
from tests.e2e.suite import Client
from tests.faults.checker import ALREADY, Expected, bad_manners, violations
from tests.faults.history import Answered, Broken, Event, Exchanged, History, Hurt, Sent

WORTH = {(1, 10): Expected(score=50.0, questions=2)}
WAIT = {"retry-after": "1"}
THERE = {"location": "/api/v1/exam-results/5/"}


def stored(**fields: Any) -> dict[str, Any]:
    return {"id": 5, "exam": 1, "student": 10, "score": 50.0, "answers": [{}, {}]} | fields


class Story:
    """Builds a history of one student and one exam, a second between any two events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def sent(self, key: str | None = None) -> int:
        number = len(self.events)
        self.events.append(Sent(float(number), number, student=10, exam=1, key=key))
        return number

    def answered(
        self, number: int, status: int, body: Any, headers: dict[str, str] | None = None
    ) -> None:
        at = float(len(self.events))
        self.events.append(Answered(at, number, status, body, headers or {}))

    def broken(self, number: int) -> None:
        self.events.append(Broken(float(len(self.events)), number, "ReadError"))

    def ask(
        self, status: int, body: Any = None, *, headers: Any = None, key: str | None = None
    ) -> "Story":
        """Send, and answer before anything else happens."""
        self.answered(self.sent(key), status, body or {}, headers)
        return self

    def lose(self, key: str | None = None) -> "Story":
        """Send, and lose the line."""
        self.broken(self.sent(key))
        return self

    def accept(self, *, key: str | None = None, **fields: Any) -> "Story":
        return self.ask(200, {"id": 5, "score": 50.0} | fields, key=key)

    def refuse(self, *, key: str | None = None, headers: Any = None) -> "Story":
        return self.ask(400, {"error": ALREADY}, headers=headers or THERE, key=key)


class TestWhatIsRight:
    @pytest.mark.parametrize(
        "story",
        [
            Story().accept(),
            Story().lose().ask(503, headers=WAIT).accept().accept(),
            Story().lose().ask(409, headers=WAIT).refuse(),
            Story().accept(key="k").accept(key="k").refuse(),
            Story().lose(),
        ],
    )
    def test_passes(self, story: Story) -> None:
        assert not violations(story.events, [stored()], WORTH, slowest=1.5)

    def test_passes_when_a_broken_line_left_nothing(self) -> None:
        story = Story().lose().ask(503, headers=WAIT)

        assert not violations(story.events, [], WORTH)

    def test_passes_when_two_raced_and_the_first_to_be_sent_lost(self) -> None:
        story = Story()
        first, second = story.sent(), story.sent()
        story.answered(second, 200, {"id": 5, "score": 50.0})
        story.answered(first, 400, {"error": ALREADY}, THERE)

        assert not violations(story.events, [stored()], WORTH)

    def test_does_not_mind_what_was_hurt(self) -> None:
        story = Story().accept()

        assert not violations([Hurt(0.0, "kill", "nats"), *story.events], [stored()], WORTH)


class TestAPlantedViolation:
    @pytest.mark.parametrize(
        ("story", "results", "word"),
        [
            (Story().accept(), [], "lost"),
            (Story().lose().refuse(), [], "lost"),
            (Story().accept(), [stored(), stored(id=6)], "doubled"),
            (Story().accept(), [stored(id=6)], "another result"),
            (Story().accept(score=100.0), [stored()], "another result"),
            (Story().accept(), [stored(answers=[{}])], "half a result"),
            (Story().lose(), [stored(score=0.0)], "a wrong score"),
            (Story().accept().accept(id=6), [stored()], "two results"),
            (
                Story().accept().refuse(headers={"location": "/exam-results/6/"}),
                [stored()],
                "two results",
            ),
            (Story().ask(400, {"error": "Ushbu test hozirda faol emas."}), [], "falsely refused"),
            (Story().ask(404, {"detail": "No Exam matches the given query."}), [], "answered 404"),
            (Story().ask(500), [], "answered 500"),
            (Story().ask(502), [], "answered 502"),
            (Story().ask(503), [], "no Retry-After with 503"),
            (Story().ask(409), [], "no Retry-After with 409"),
            (Story().lose().refuse(headers={"x": "y"}), [stored()], "no Location"),
            (Story().refuse().refuse(), [stored()], "the first was refused"),
            (Story().accept(key="k").refuse(key="k"), [stored()], "a key forgot"),
            (Story().lose(), [stored(student=11)], "nobody sent"),
        ],
    )
    def test_is_found(self, story: Story, results: list[dict[str, Any]], word: str) -> None:
        assert word in str(violations(story.events, results, WORTH))

    def test_of_time_is_found(self) -> None:
        story = Story()
        late = story.sent()
        story.accept()
        story.answered(late, 200, {"id": 5, "score": 50.0})

        assert "too late by 1.5 s" in str(violations(story.events, [stored()], WORTH, slowest=1.5))

    def test_of_a_request_that_nobody_ended_is_found(self) -> None:
        story = Story()
        story.sent()

        assert "never ended" in str(violations(story.events, [], WORTH))


class TestManners:
    @pytest.mark.parametrize(
        ("status", "headers", "word"),
        [(500, WAIT, "→ 500"), (502, WAIT, "→ 502"), (504, WAIT, "→ 504"), (503, {}, "→ 503")],
    )
    def test_that_are_bad_are_found(self, status: int, headers: dict[str, str], word: str) -> None:
        event = Exchanged(1.0, 0.0, "GET", "/api/v1/exams/", status, "…", headers)

        assert word in str(bad_manners([event]))

    @pytest.mark.parametrize(("status", "headers"), [(503, WAIT), (200, {}), (404, {}), (0, {})])
    def test_that_are_good_pass(self, status: int, headers: dict[str, str]) -> None:
        assert not bad_manners([Exchanged(1.0, 0.0, "GET", "/", status, "ReadError", headers)])

    async def test_are_judged_by_what_really_came(self) -> None:
        history = History()
        async with listening(_breaks) as url, Client(base_url=url) as client:
            client.note = history.exchanged
            await client.get("/fault/")
            with pytest.raises(httpx2.TransportError):
                await client.get("/cut/")

        assert [
            (each.path, each.status) for each in history.events if isinstance(each, Exchanged)
        ] == [("/fault/", 500), ("/cut/", 0)]
        assert len(bad_manners(history.events)) == 1


async def _breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer 500 under `/fault/`, and hang up elsewhere."""
    if b"/fault/" in await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 500 -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    writer.close()


class TestAHistory:
    def test_keeps_everything_in_its_order(self, tmp_path: Path) -> None:
        times = iter(range(10))
        history = History(clock=lambda: float(next(times)))

        number = history.sent(10, 1, "k")
        history.hurt("kill", "results")
        history.broken(number, "ReadError")
        again = history.sent(10, 1, "k")
        history.answered(again, 503, {}, {"retry-after": "1", "server": "x"})

        assert history.events == (
            Sent(0.0, 1, 10, 1, "k"),
            Hurt(1.0, "kill", "results"),
            Broken(2.0, 1, "ReadError"),
            Sent(3.0, 2, 10, 1, "k"),
            Answered(4.0, 2, 503, {}, {"retry-after": "1"}),
        )
        history.write(tmp_path / "history.jsonl")
        lines = (tmp_path / "history.jsonl").read_text().splitlines()
        assert [json.loads(line)["event"] for line in lines] == [
            "Sent", "Hurt", "Broken", "Sent", "Answered",
        ]  # fmt: skip

    def test_is_not_changed_by_who_reads_it(self) -> None:
        history = History()
        before = history.events
        history.hurt("kill", "results")

        assert (len(before), len(history.events)) == (0, 1)
