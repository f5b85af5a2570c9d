"""The examples of the API document."""

from typing import Any, Final

RESULT_BODY: Final[dict[str, Any]] = {
    "exam": 1,
    "student": 10,
    "score": 85.0,
    "correct_answers": 17,
    "total_questions": 20,
    "is_checked": False,
    "checked_by": None,
}
RESULT: Final[dict[str, Any]] = {"id": 5, **RESULT_BODY, "created_at": "2026-02-20T11:30:00Z"}

_CHOSEN: Final[dict[str, Any]] = {
    "id": 1,
    "exam_result": 5,
    "question": 1,
    "question_text": "What is the capital of England?",
    "option": 1,
    "option_text": "London",
    "written_answer": None,
    "is_correct": True,
}
_WRITTEN: Final[dict[str, Any]] = {
    "id": 2,
    "exam_result": 5,
    "question": 2,
    "question_text": "Describe yourself in 3 sentences.",
    "option": None,
    "option_text": None,
    "written_answer": "I am a student from Tashkent...",
    "is_correct": False,
}
SUBMIT_BODY: Final[dict[str, Any]] = {
    "answers": [
        {"question_id": 1, "option_id": 1},
        {
            "question_id": 2,
            "option_id": None,
            "written_answer": "I am a student from Tashkent...",
        },
    ]
}
SUBMITTED: Final[dict[str, Any]] = {
    **RESULT,
    "exam_title": "Ingliz tili - 1-hafta imtihon",
    "answers": [_CHOSEN, _WRITTEN],
}
GRADE_BODY: Final[dict[str, Any]] = {"is_correct": True, "comment": "Yaxshi yozilgan."}
GRADED: Final[dict[str, Any]] = {
    **_WRITTEN,
    **GRADE_BODY,
    "graded_by": 3,
    "graded_at": "2026-02-20T15:00:00Z",
}
