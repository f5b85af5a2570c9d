"""Every event of the suite, in one tuple: topology, rights and documents are derived from it."""

from typing import Final

from shared.contracts.auth import UserChangedV1
from shared.contracts.base import Event
from shared.contracts.exams import ExamChangedV1, SubjectChangedV1
from shared.contracts.messaging import TelegramLinkedV1
from shared.contracts.results import ResultChangedV1
from shared.contracts.worklogs import AttendanceRecordedV1, ScoreRecordedV1

EVENTS: Final[tuple[type[Event], ...]] = (
    UserChangedV1,
    ExamChangedV1,
    SubjectChangedV1,
    ResultChangedV1,
    TelegramLinkedV1,
    AttendanceRecordedV1,
    ScoreRecordedV1,
)

OUTSIDE_PRODUCERS: Final[dict[str, tuple[type[Event], ...]]] = {
    "journal": (AttendanceRecordedV1, ScoreRecordedV1),
}
"""Users outside the suite and the events that they may publish."""


def durable_name(consumer: str, subject: str) -> str:
    """Return the name of the JetStream consumer, e.g. `results--hpa-user-changed-v1`."""
    return f"{consumer}--{subject.replace('.', '-')}"
