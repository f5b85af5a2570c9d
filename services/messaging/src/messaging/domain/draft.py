"""A message before it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody writes to whom."""

    text: str
    recipient_ids: Sequence[int]
    sent_by: int
    now: datetime

    @property
    def wanted(self) -> list[int]:
        """The recipients in their order, nobody twice."""
        return list(dict.fromkeys(self.recipient_ids))
