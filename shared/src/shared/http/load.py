"""How much a process takes on at once: refuse early what would only wait."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

READS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
CUT: Final = 0.85
CUT_GAP_SECONDS: Final = 0.2


@dataclass(frozen=True)
class Limits:
    """The bounds of one process."""

    reads: int = 128
    total: int = 768
    least: int = 64
    """The total never shrinks below this."""
    share_with_reads: float = 0.85
    """Of the total: from here on reads are refused, lists are shed first and submits last."""
    target_seconds: float = 1.4
    """When requests take longer than this, fewer are taken on; accepted p99 is to be under 2 s."""
    seconds: float = 3.3
    seconds_by_path: Mapping[str, float] = field(default_factory=dict)
    """Paths that are slow by design, with their own deadline; they say nothing about load."""


class Load:
    """
    Counts what is in flight and how long it takes.

    The bound follows the capacity: slow answers cut it at most five times a second, each quick
    answer raises it by one. A rush after a quiet time meets the full bound.
    """

    def __init__(self, limits: Limits) -> None:
        """Begin with the full bound."""
        self.limits = limits
        self.bound = float(limits.total)
        self.reads = 0
        self.writes = 0
        self._next_cut = 0.0

    def has_room(self, *, is_read: bool) -> bool:
        """Tell whether one more may come in."""
        total = self.reads + self.writes
        if is_read:
            with_reads = self.bound * self.limits.share_with_reads
            return self.reads < self.limits.reads and total < with_reads
        return total < self.bound

    def enter(self, *, is_read: bool) -> None:
        """Count one in."""
        if is_read:
            self.reads += 1
        else:
            self.writes += 1

    def leave(self, seconds: float | None, *, is_read: bool) -> None:
        """Count one out that took *seconds*; None when its time says nothing."""
        total = self.reads + self.writes
        if is_read:
            self.reads -= 1
        else:
            self.writes -= 1
        if seconds is None:
            return
        if seconds <= self.limits.target_seconds:
            self.bound = min(self.bound + 1, self.limits.total)
            return
        now = time.monotonic()
        if now >= self._next_cut:
            self._next_cut = now + CUT_GAP_SECONDS
            self.bound = max(min(self.bound, total) * CUT, self.limits.least)
