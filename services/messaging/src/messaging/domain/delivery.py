"""
The states of a sending and what an answer of Telegram means for them.

`pending` → `sending` (committed before the call) → `sent` or `failed`. Back to `pending` only
what Telegram surely has not delivered. See docs/adr/0010-telegram-at-most-once.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

NO_CHAT: Final = "O'quvchining telegram_id si yo'q"
NO_TOKEN: Final = "TELEGRAM_BOT_TOKEN topilmadi"  # noqa: S105 - a sentence
UNKNOWN: Final = "Yetkazilgani noma'lum"
MAX_ERROR: Final = 500

MAX_RETRIES: Final = 3
"""How often a JSON 500 is tried again."""
PAUSE_SECONDS: Final = 5
"""How long the bot waits after a 429 that does not say."""
MAX_PAUSE_SECONDS: Final = 3600

WRITE_SECONDS: Final = 4.0
"""A sending must be on the wire this soon after its claim, or it does not happen."""
SETTLE_SECONDS: Final = 4.0
"""How long an outcome may take to be written down before others call it unknown."""

MICROS: Final = 1_000_000
SPARE: Final = 1.06
"""Slots lie this much further apart: jitter on the way must not make it 26 in any second."""
CHAT_MICROS: Final = 1_050_000
"""The gap between two messages to one chat, with a little room for jitter."""
AT_ONCE: Final = 0
"""When a new row is due: before any clock, so that none that goes back makes it wait."""
LEAD_MICROS: Final = 50_000
"""How far ahead a new row of slots begins, so that its claim is committed by then."""
LATE_SECONDS: Final = 0.05
"""How late a slot may be used: later it would meet the slots of other replicas."""
BLOCK_SECONDS: Final = 0.1
"""How many slots a replica reserves at once, as a stretch of time."""
AHEAD_MICROS: Final = 500_000
"""A slot that is further away is not reserved yet: its row would be `sending` for nothing."""


class Status(StrEnum):
    """The states as stored; clients see `sending` as `pending`."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class Verdict(StrEnum):
    """What happened to one call."""

    SENT = "sent"
    REFUSED = "refused"
    """Telegram said no, for good."""
    UNKNOWN = "unknown"
    """It may have been delivered."""
    SLOW_DOWN = "slow down"
    """429: the whole bot waits."""
    FAULT = "fault"
    """Telegram's own error, told in JSON: not delivered."""
    UNSENT = "unsent"
    """Nothing left this machine."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one call, and what follows from it."""

    verdict: Verdict
    error: str | None = None
    wait: float = 0.0
    """Seconds until the next try, where there is one."""
    is_unreachable: bool = False
    """The chat cannot be reached until its user comes back."""

    @property
    def is_final(self) -> bool:
        """Tell whether the row ends here: sent or failed."""
        return self.verdict in {Verdict.SENT, Verdict.REFUSED, Verdict.UNKNOWN}


UNSENT: Final = Outcome(Verdict.UNSENT)
IN_DOUBT: Final = Outcome(Verdict.UNKNOWN, UNKNOWN)


def judge(status: int, body: object, *, tries: int) -> Outcome:
    """
    Say what an HTTP answer means for a row that was tried *tries* times before.

    *body* is the parsed JSON, or None. Only an answer that Telegram itself gave counts as one: a
    proxy's page says nothing about what happened behind it.
    """
    answer = body if isinstance(body, Mapping) and isinstance(body.get("ok"), bool) else {}
    if status == 429:  # noqa: PLR2004 - a status
        return Outcome(Verdict.SLOW_DOWN, wait=_retry_after(answer))
    if not answer or status in {502, 503, 504}:
        return IN_DOUBT
    if answer["ok"]:
        return Outcome(Verdict.SENT) if status == 200 else IN_DOUBT  # noqa: PLR2004 - a status
    return _refusal(status, answer, tries)


def _refusal(status: int, answer: Mapping[str, Any], tries: int) -> Outcome:
    error = str(answer.get("description") or f"HTTP {status}")[:MAX_ERROR]
    if status == 500:  # noqa: PLR2004 - a status
        if tries < MAX_RETRIES:
            return Outcome(Verdict.FAULT, error, wait=float(2**tries))
        return Outcome(Verdict.REFUSED, error)
    if 400 <= status < 500:  # noqa: PLR2004 - statuses
        gone = status == 403 or "chat not found" in error  # noqa: PLR2004 - a status
        return Outcome(Verdict.REFUSED, error, is_unreachable=gone)
    return IN_DOUBT


def _retry_after(answer: Mapping[str, Any]) -> float:
    parameters = answer.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, Mapping) else None
    if not isinstance(seconds, int | float) or not seconds >= 0:
        return PAUSE_SECONDS
    return min(float(seconds), MAX_PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the bot may go: 25 a second over all replicas means `rate=25`."""

    rate: float
    timeout: float

    @property
    def gap(self) -> int:
        """The distance of two slots in microseconds."""
        return max(1, round(MICROS * SPARE / self.rate))

    @property
    def block(self) -> int:
        """How many slots are reserved at once."""
        return max(1, int(self.rate * BLOCK_SECONDS))

    def slots_in(self, seconds: float) -> int:
        """Return how many slots pass in *seconds*, at most as many as may be reserved ahead."""
        return round(min(seconds * MICROS, AHEAD_MICROS) / self.gap)

    @property
    def lease(self) -> int:
        """Microseconds after which a row found `sending` belongs to nobody."""
        return round((WRITE_SECONDS + self.timeout + SETTLE_SECONDS) * MICROS)

    @property
    def horizon(self) -> int:
        """How far ahead of now the next free slot can be; what lies further, a moved clock left."""
        most = self.block + self.slots_in(AHEAD_MICROS / MICROS)
        return 2 * AHEAD_MICROS + (most + 1) * self.gap

    def first_slot(self, now: int, next_at: int, *, within: float = 0.0) -> int:
        """
        Return the first free slot: the next one, or a new row of slots after a while of rest.

        *within* so many seconds the claim will be committed.
        """
        if now < next_at <= now + self.horizon:
            return next_at
        least = min(self.gap, LEAD_MICROS)
        return now + min(AHEAD_MICROS, max(least, round(within * MICROS)))


@dataclass(frozen=True, slots=True)
class Sending:
    """One row that is `sending`: whose, what, where to and when."""

    log_id: int
    attempt: str
    """Names the claim; whoever finishes the row must name it again."""
    chat_id: int
    text: str
    tries: int
    slot: int
    """When it may go out, in microseconds of the database's clock."""


@dataclass(frozen=True, slots=True)
class InLine:
    """A row that waits for its slot in the process that claimed it."""

    sending: Sending
    start: float
    """When its slot is, by the monotonic clock."""
    latest: float
    """When the slot is over, and the row goes back to the queue."""
    until: float
    """When it is too late to write it, by the clock that runs on during sleep."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A sending and how it ended."""

    sending: Sending
    outcome: Outcome
    resume_at: float = 0.0
    """When it may be tried again, where it may, by this process's monotonic clock."""
