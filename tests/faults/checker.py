"""The judge: what must be true of a history and of what is stored when all has healed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from tests.faults.history import Answered, Broken, Event, Exchanged, Sent

ALREADY = "Siz bu testni allaqachon topshirgansiz."
HONEST = frozenset({200, 400, 409, 503})
"""What a submit may be answered during a fault; anything else is a fault of ours."""
Pair = tuple[int, int]
"""An exam and a student."""


@dataclass(frozen=True)
class Expected:
    """What is stored when a student's hand-in is: it was always the same one."""

    score: float
    questions: int


@dataclass(frozen=True)
class Exchange:
    """A request and what came of it, None when nothing ever did."""

    sent: Sent
    end: Answered | Broken | None

    @property
    def is_accepted(self) -> bool:
        """Say whether the student was told his result."""
        return isinstance(self.end, Answered) and 200 <= self.end.status < 300

    @property
    def is_told_stored(self) -> bool:
        """Say whether the student was told that his result is there already."""
        return isinstance(self.end, Answered) and self.end.body.get("error") == ALREADY

    @property
    def result(self) -> int | None:
        """Return the id of the result that the answer speaks of."""
        if not isinstance(self.end, Answered):
            return None
        if self.is_accepted:
            return int(self.end.body["id"])
        place = self.end.headers.get("location", "")
        return int(place.rstrip("/").rpartition("/")[2]) if place else None


def violations(
    events: Iterable[Event],
    stored: Sequence[dict[str, Any]],
    expected: Mapping[Pair, Expected],
    *,
    slowest: float = inf,
) -> list[str]:
    """Compare what was told with what is stored; results in *stored* carry their `answers`."""
    told = exchanges(events)
    kept = {(each["exam"], each["student"]): each for each in stored}
    counts = Counter((each["exam"], each["student"]) for each in stored)
    found = [f"doubled: {pair}" for pair, count in counts.items() if count > 1]
    found += [f"nobody sent: {pair}" for pair in kept if pair not in told]
    for pair, those in told.items():
        found += [f"{one}: {pair}" for each in those for one in _answer(each, slowest)]
        found += [f"{one}: {pair}" for one in _told_wrongly(those)]
        found += [f"{one}: {pair}" for one in _kept_wrongly(those, kept.get(pair))]
        found += [f"{one}: {pair}" for one in _wrong(kept.get(pair), expected[pair])]
    return found


def bad_manners(events: Iterable[Event]) -> list[str]:
    """Return the answers that no fault excuses: an error that is not 503, or says no time."""
    return [
        f"{each.method} {each.path} → {each.status} {each.error}"
        for each in events
        if isinstance(each, Exchanged) and each.status >= 500
        if each.status != 503 or "retry-after" not in each.headers
    ]


def exchanges(events: Iterable[Event]) -> dict[Pair, list[Exchange]]:
    """Join requests with their answers, by exam and student, in the order of sending."""
    sent: list[Sent] = []
    ends: dict[int, Answered | Broken] = {}
    for event in events:
        if isinstance(event, Sent):
            sent.append(event)
        elif isinstance(event, Answered | Broken):
            ends[event.number] = event
    found: dict[Pair, list[Exchange]] = defaultdict(list)
    for each in sent:
        found[each.exam, each.student].append(Exchange(each, ends.get(each.number)))
    return dict(found)


def _answer(each: Exchange, slowest: float) -> Iterator[str]:
    """Judge one answer by itself."""
    end = each.end
    if end is None:
        yield "never ended"
        return
    if end.at - each.sent.at > slowest:
        yield f"too late by {end.at - each.sent.at - slowest:.1f} s"
    if isinstance(end, Broken):
        return
    if end.status not in HONEST:
        yield f"answered {end.status} {str(end.body)[:200]}"
    if end.status in (409, 503) and "retry-after" not in end.headers:
        yield f"no Retry-After with {end.status}"
    if end.status == 400 and not each.is_told_stored:
        yield f"falsely refused with {end.body}"
    if each.is_told_stored and each.result is None:
        yield "no Location of the result that is there"


def _told_wrongly(those: list[Exchange]) -> Iterator[str]:
    """Judge the answers of one student about one exam together."""
    if len({each.result for each in those if each.result is not None}) > 1:
        yield "two results were told"
    first = those[0]
    if (
        first.end
        and first.is_told_stored
        and all(each.sent.at >= first.end.at for each in those[1:])
    ):
        yield "the first was refused as a second"
    for place, each in enumerate(those):
        if each.is_accepted and any(_forgets(each, later) for later in those[place + 1 :]):
            yield "a key forgot its answer"


def _forgets(before: Exchange, after: Exchange) -> bool:
    """Say whether a retry with the key of an accepted hand-in was refused after it was accepted."""
    assert before.end is not None
    return (
        before.sent.key is not None
        and after.sent.key == before.sent.key
        and after.sent.at > before.end.at
        and after.is_told_stored
    )


def _kept_wrongly(those: list[Exchange], kept: dict[str, Any] | None) -> Iterator[str]:
    """Judge what is stored by what was told."""
    for each in those:
        if kept is None and (each.is_accepted or each.is_told_stored):
            yield "lost"
        elif kept is not None and each.is_accepted:
            assert isinstance(each.end, Answered)
            if (each.end.body["id"], each.end.body["score"]) != (kept["id"], kept["score"]):
                yield "another result than told"


def _wrong(kept: dict[str, Any] | None, expected: Expected) -> Iterator[str]:
    """Judge what is stored by what was handed in."""
    if kept is None:
        return
    if len(kept["answers"]) != expected.questions:
        yield f"half a result, {len(kept['answers'])} of {expected.questions}"
    if kept["score"] != expected.score:
        yield f"a wrong score, {kept['score']} and not {expected.score}"
