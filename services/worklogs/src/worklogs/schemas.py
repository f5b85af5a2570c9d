"""What comes in and what goes out."""

from datetime import date as day
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.http.fields import Day, Id, Input, LongText
from worklogs import examples

MAX_ITEMS = 1000
"""Rows in one array: more students than any class has."""
MAX_NOTE = 2000

AttendanceStatus = Literal["present", "absent", "late", "excused"]
Note = Annotated[str, LongText(MAX_NOTE)]
Value = Annotated[float, Field(ge=0, le=100)]


def _left_open(schema: dict[str, Any]) -> None:
    """Leave the default out of the document: it only marks a day that was not given."""
    schema.pop("default", None)


class RecordWrite(Input):
    """What attendances and scores have in common; `employee` counts only from an owner."""

    student: Id
    date: Day = Field(
        default=day.min,
        description="Today in academy time when absent.",
        json_schema_extra=_left_open,
    )
    note: Note | None = None
    employee: Annotated[Id | None, Field(description="Only from an owner; else the caller.")] = None


class AttendanceWrite(RecordWrite):
    """Whether a student was there."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ATTENDANCE_BODY]})

    status: AttendanceStatus


class ScoreWrite(RecordWrite):
    """A score of a student."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SCORE_BODY]})

    value: Value
    subject: Id | None = None


class RecordOut(BaseModel):
    """What answers on attendances and scores have in common."""

    id: int
    employee: int
    student: int


class AttendanceOut(RecordOut):
    """An attendance as stored."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ATTENDANCE]})

    status: AttendanceStatus
    date: day
    note: str | None
    created_at: datetime
    updated_at: datetime


class ScoreOut(RecordOut):
    """A score as stored."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SCORE]})

    value: float
    subject: int | None
    date: day
    note: str | None
    created_at: datetime
    updated_at: datetime


class WorkLogOut(BaseModel):
    """Whether an employee recorded both halves of a day."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.WORK_LOG]})

    id: int
    employee: int
    date: day
    status: bool
    note: str | None
    created_at: datetime


class MissedDay(BaseModel):
    """A day that does not count as worked, and why."""

    date: day
    missing: list[Literal["attendance", "score"]]


class WorkLogSummary(BaseModel):
    """An employee's month."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SUMMARY]})

    employee: int
    full_name: str
    worked_days: int
    missed: list[MissedDay]


class DashboardAttendance(BaseModel):
    """The employees today; only active ones count."""

    employees_present_today: int
    total_employees: int


class DashboardStudents(BaseModel):
    """The students today; present means present or late."""

    total_students: int
    marked_today: int
    present_today: int


class DashboardScores(BaseModel):
    """The scores of today."""

    given_today: int
    average_today: float | None


class DashboardOut(BaseModel):
    """The academy's day in numbers."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DASHBOARD]})

    attendance: DashboardAttendance
    students: DashboardStudents
    scores: DashboardScores
