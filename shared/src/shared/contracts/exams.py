"""Events of the exams service."""

from typing import ClassVar

from typing_extensions import override

from shared.contracts.base import Event, EventId, Version


class ExamChangedV1(Event):
    """
    An exam was created, edited, published, unpublished or deleted.

    Questions are not told here, they hold the key: results fetches them from exams.
    """

    subject: ClassVar[str] = "hpa.exam.changed.v1"
    producer: ClassVar[str] = "exams"
    consumers: ClassVar[tuple[str, ...]] = ("results",)

    exam_id: EventId
    version: Version
    questions_version: Version
    title: str
    is_published: bool
    is_active: bool
    is_deleted: bool

    @property
    @override
    def entity(self) -> str:
        return f"exam:{self.exam_id}"


class SubjectChangedV1(Event):
    """A subject was created, renamed or deleted."""

    subject: ClassVar[str] = "hpa.subject.changed.v1"
    producer: ClassVar[str] = "exams"
    consumers: ClassVar[tuple[str, ...]] = ("worklogs",)

    subject_id: EventId
    version: Version
    name: str
    is_deleted: bool

    @property
    @override
    def entity(self) -> str:
        return f"subject:{self.subject_id}"
