"""What can be absent or refused here."""

from collections.abc import Iterable
from typing import ClassVar

from shared.errors import Invalid, NotFound


class WorkLogNotFound(NotFound):
    """No such work log."""

    model: ClassVar[str] = "WorkLog"


class AttendanceNotFound(NotFound):
    """No such attendance, or another student's."""

    model: ClassVar[str] = "Attendance"


class ScoreNotFound(NotFound):
    """No such score, or another student's."""

    model: ClassVar[str] = "Score"


class NotUnique(Invalid):
    """An edit would make two rows the same."""

    def __init__(self, fields: Iterable[str] = ("student", "date", "employee")) -> None:
        """Name the fields that make a row what it is."""
        names = ", ".join(fields)
        text = f"The fields {names} must make a unique set."
        super().__init__({"non_field_errors": [text]})
