"""Events of the worklogs service; an outside class journal may publish them too."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.base import Event, EventId

Day = Annotated[date, Field(description="calendar day in academy time, YYYY-MM-DD")]


class AttendanceRecordedV1(Event):
    """An employee recorded a student's attendance of one day."""

    subject: ClassVar[str] = "hpa.attendance.recorded.v1"
    producer: ClassVar[str] = "worklogs"
    consumers: ClassVar[tuple[str, ...]] = ("worklogs",)

    id: EventId
    employee: EventId
    student: EventId
    date: Day


class ScoreRecordedV1(Event):
    """An employee gave a student a score for one day."""

    subject: ClassVar[str] = "hpa.score.recorded.v1"
    producer: ClassVar[str] = "worklogs"
    consumers: ClassVar[tuple[str, ...]] = ("worklogs",)

    id: EventId
    employee: EventId
    student: EventId
    date: Day
