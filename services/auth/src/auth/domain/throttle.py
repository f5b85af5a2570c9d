"""
How many wrong guesses are too many.

A guess is a password not tried yet: a phone that repeats an old one keeps nobody else out. Windows
are fixed, refused tries are not counted, so no wait is longer than a minute.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import ClassVar, Final

from auth.domain.clients import Client, Tagger
from auth.domain.users import key_of

WINDOW: Final = timedelta(seconds=60)
SAME_LIMIT: Final = 5
PAIR_LIMIT: Final = 5
NAME_LIMIT: Final = 20

TICKET_WAIT: Final = timedelta(seconds=30)
TICKET_LIFE: Final = timedelta(seconds=120)
"""
Whoever is refused because strangers attack his name gets one try after the wait, even when they
go on: a name is never closed to an address for longer.
"""
LONGEST: Final = TICKET_WAIT + TICKET_LIFE + timedelta(seconds=60)
"""No window ends later than this, but by a clock that went back since, or one too far ahead."""


@dataclass(frozen=True, slots=True)
class Window:
    """Failures counted under one key until `ends_at`."""

    failures: int
    ends_at: datetime

    def counts(self, now: datetime) -> bool:
        """Say whether it is not over; a clock that went back closes nobody out for its hour."""
        return now < self.ends_at <= now + LONGEST


@dataclass(frozen=True, slots=True)
class Guess:
    """The keys under which one try is counted."""

    KINDS: ClassVar = ("same", "pair", "own", "name", "ticket")

    username_key: str
    address: str
    device: str
    same: str
    pair: str
    own: str
    name: str
    ticket: str

    @property
    def keys(self) -> dict[str, str]:
        """All that must be looked up, one of each kind."""
        return {kind: getattr(self, kind) for kind in self.KINDS}


def guess_of(tagger: Tagger, username: str, password: str, client: Client) -> Guess:
    """Return the keys for a try to sign in."""
    name = key_of(username)
    return Guess(
        username_key=name,
        address=tagger.tag("address", client.network),
        device=tagger.client(client),
        same=tagger.tag("same", name, client.network, password),
        pair=tagger.tag("pair", name, client.network),
        own=tagger.tag("own", name, client.network, client.agent),
        name=tagger.tag("name", name),
        ticket=tagger.tag("ticket", name, client.network),
    )


@dataclass(frozen=True, slots=True)
class Ahead:
    """How many other passwords came before and are not done: each may be one more failure."""

    pair: int = 0
    own: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about a guess before the password is looked at."""

    guess: Guess
    windows: dict[str, Window]
    is_known_address: bool
    is_known_device: bool
    """
    A user is known where he has signed in before. His device has an allowance of its own, so that
    others behind the same address cannot use it up; his address is spared what befalls his name.
    """

    @property
    def pair(self) -> str:
        """The key of the allowance that this try draws on."""
        return self.guess.own if self.is_known_device else self.guess.pair

    def wait(self, now: datetime, ahead: Ahead) -> int:
        """Return for how many seconds the try is refused."""
        others = ahead.own if self.is_known_device else ahead.pair
        return max(
            self._wait(self.guess.same, SAME_LIMIT, now),
            self._wait(self.pair, PAIR_LIMIT - others, now),
            1 if others >= PAIR_LIMIT else 0,
            self._wait_for_name(now),
        )

    def wants_ticket(self, now: datetime) -> bool:
        """Say whether the name is attacked and this address has no try of its own coming."""
        return self._wait_for_name(now) > 0 and self._ticket(now) is None

    def is_new_guess(self, now: datetime) -> bool:
        """Say whether this password has not been tried here in this window."""
        same = self.windows.get(self.guess.same)
        return same is None or not same.counts(now)

    def _wait_for_name(self, now: datetime) -> int:
        if self.is_known_address:
            return 0
        wait = self._wait(self.guess.name, NAME_LIMIT, now)
        ticket = self._ticket(now)
        if not wait or ticket is None:
            return min(wait, ceil(TICKET_WAIT.total_seconds()))
        return min(wait, seconds_until(ticket.ends_at - TICKET_LIFE, now))

    def _ticket(self, now: datetime) -> Window | None:
        ticket = self.windows.get(self.guess.ticket)
        return ticket if ticket is not None and ticket.counts(now) else None

    def _wait(self, key: str, limit: int, now: datetime) -> int:
        window = self.windows.get(key)
        if window is None or window.failures < limit or not window.counts(now):
            return 0
        return seconds_until(window.ends_at, now)


def seconds_until(moment: datetime, now: datetime) -> int:
    """Return whole seconds from *now* to *moment*, never less than none."""
    return max(0, ceil((moment - now).total_seconds()))


class InFlight:
    """The guesses that this process is checking now: a hundred at once must not all pass."""

    def __init__(self) -> None:
        """Start empty."""
        self._guesses: dict[str, Counter[str]] = {}

    @contextmanager
    def counting(self, guess: Guess) -> Iterator[Ahead]:
        """Count *guess* until its outcome is stored; enter before looking at what is stored."""
        with self._under(guess.pair, guess.same) as pair, self._under(guess.own, guess.same) as own:
            yield Ahead(pair, own)

    @contextmanager
    def _under(self, key: str, same: str) -> Iterator[int]:
        running = self._guesses.setdefault(key, Counter())
        running[same] += 1
        try:
            yield list(running).index(same)
        finally:
            running[same] -= 1
            if not running[same]:
                del running[same]
            if not running:
                self._guesses.pop(key, None)
