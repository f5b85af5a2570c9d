"""What was done, asked and answered during a fault test, in its order; nothing is ever changed."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx2


@dataclass(frozen=True)
class Hurt:
    """A fault that was done to a part."""

    at: float
    verb: str
    part: str


@dataclass(frozen=True)
class Sent:
    """A student handed in an exam; `number` joins it with what came of it."""

    at: float
    number: int
    student: int
    exam: int
    key: str | None = None


@dataclass(frozen=True)
class Answered:
    """The answer to a request arrived."""

    at: float
    number: int
    status: int
    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those of `KEPT` that it had."""


@dataclass(frozen=True)
class Broken:
    """The line of a request broke before its answer: nobody can say what became of it."""

    at: float
    number: int
    error: str


@dataclass(frozen=True)
class Exchanged:
    """Any request that a person made, and how it ended: with a status, or with an error."""

    at: float
    began: float
    method: str
    path: str
    status: int
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Event = Hurt | Sent | Answered | Broken | Exchanged
KEPT = ("location", "retry-after", "idempotency-replayed")


class History:
    """Grows while a test runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._events: list[Event] = []
        self._count = 0

    @property
    def events(self) -> tuple[Event, ...]:
        """Return everything so far."""
        return tuple(self._events)

    def hurt(self, verb: str, part: str) -> None:
        """Note a fault."""
        self._events.append(Hurt(self._clock(), verb, part))

    def sent(self, student: int, exam: int, key: str | None) -> int:
        """Note a request and return its number."""
        self._count += 1
        self._events.append(Sent(self._clock(), self._count, student, exam, key))
        return self._count

    def answered(
        self, number: int, status: int, body: dict[str, Any], headers: Mapping[str, str]
    ) -> Answered:
        """Note the answer to a request."""
        event = Answered(self._clock(), number, status, body, _kept(headers))
        self._events.append(event)
        return event

    def broken(self, number: int, error: str) -> Broken:
        """Note that a request got no answer."""
        event = Broken(self._clock(), number, error)
        self._events.append(event)
        return event

    def exchanged(
        self, began: float, method: str, path: str, end: httpx2.Response | Exception
    ) -> None:
        """Note any request of a person; `Suite` calls it."""
        if isinstance(end, Exception):
            event = Exchanged(self._clock(), began, method, path, 0, repr(end))
        else:
            kept = _kept(end.headers)
            text = end.text[:200] if end.is_server_error else ""
            event = Exchanged(self._clock(), began, method, path, end.status_code, text, kept)
        self._events.append(event)

    def write(self, path: Path) -> None:
        """Write it as lines of JSON, for who reads a failure."""
        lines = ({"event": type(each).__name__, **asdict(each)} for each in self._events)
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in KEPT if name in headers}
