"""The examples of the API document."""

from typing import Any, Final

ATTENDANCE_BODY: Final[dict[str, Any]] = {
    "student": 10,
    "status": "present",
    "date": "2026-02-20",
    "note": None,
}
SCORE_BODY: Final[dict[str, Any]] = {
    "student": 10,
    "value": 92.5,
    "subject": 2,
    "date": "2026-02-20",
    "note": None,
}
_RECORD: Final[dict[str, Any]] = {
    "id": 5,
    "employee": 3,
    "created_at": "2026-02-20T09:00:00Z",
    "updated_at": "2026-02-20T09:00:00Z",
}
ATTENDANCE: Final[dict[str, Any]] = {**_RECORD, **ATTENDANCE_BODY}
SCORE: Final[dict[str, Any]] = {**_RECORD, **SCORE_BODY}
WORK_LOG: Final[dict[str, Any]] = {
    "id": 1,
    "employee": 3,
    "date": "2026-02-20",
    "status": True,
    "note": None,
    "created_at": "2026-02-20T08:00:00Z",
}
SUMMARY: Final[dict[str, Any]] = {
    "employee": 3,
    "full_name": "Ali Valiyev",
    "worked_days": 19,
    "missed": [{"date": "2026-02-20", "missing": ["score"]}],
}
DASHBOARD: Final[dict[str, Any]] = {
    "attendance": {"employees_present_today": 5, "total_employees": 8},
    "students": {"total_students": 240, "marked_today": 180, "present_today": 171},
    "scores": {"given_today": 96, "average_today": 81.5},
}
