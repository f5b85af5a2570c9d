"""Events of the results service."""

from typing import ClassVar

from typing_extensions import override

from shared.contracts.base import Event, EventId, Version


class ResultChangedV1(Event):
    """A result was recorded, graded, edited or deleted; carries its whole state."""

    subject: ClassVar[str] = "hpa.result.changed.v1"
    producer: ClassVar[str] = "results"
    consumers: ClassVar[tuple[str, ...]] = ("exams",)

    result_id: EventId
    version: Version
    exam_id: EventId
    student_id: EventId
    score: float
    is_checked: bool
    is_deleted: bool

    @property
    @override
    def entity(self) -> str:
        return f"result:{self.result_id}"
