"""The examples of the API document; what students get is shown without a key."""

from typing import Any, Final

_OPTIONS: Final = ("London", "Paris", "Berlin", "Madrid")

EXAM_BODY: Final[dict[str, Any]] = {
    "title": "Ingliz tili - 1-hafta imtihon",
    "subject": 2,
    "description": "Birinchi hafta uchun test",
    "time_limit": 30,
    "is_published": False,
    "is_active": True,
    "date": "2026-02-20",
    "questions": [
        {
            "text": "What is the capital of England?",
            "type": "test",
            "order": 1,
            "options": [
                {"text": text, "is_correct": place == 1, "order": place}
                for place, text in enumerate(_OPTIONS, 1)
            ],
        },
        {
            "text": "Describe yourself in 3 sentences.",
            "type": "written",
            "order": 2,
            "written_answer_sample": "I am ...",
            "options": [],
        },
    ],
}

LISTED: Final[dict[str, Any]] = {
    "id": 1,
    "title": "Ingliz tili - 1-hafta imtihon",
    "code": "AB23CD",
    "subject": 2,
    "subject_name": "Ingliz tili",
    "description": "Birinchi hafta uchun test",
    "time_limit": 30,
    "is_published": True,
    "is_active": True,
    "date": "2026-02-20",
    "created_by": 1,
    "created_at": "2026-02-20T10:00:00Z",
    "questions_count": 20,
    "participants_count": 15,
}

_QUESTION: Final[dict[str, Any]] = {
    "id": 1,
    "text": "What is the capital of England?",
    "type": "test",
    "order": 1,
}
QUESTION_FOR_STUDENT: Final[dict[str, Any]] = {
    **_QUESTION,
    "options": [
        {"id": place, "text": text, "order": place} for place, text in enumerate(_OPTIONS, 1)
    ],
}
QUESTION: Final[dict[str, Any]] = {
    **_QUESTION,
    "written_answer_sample": None,
    "options": [
        {"id": place, "text": text, "is_correct": place == 1, "order": place}
        for place, text in enumerate(_OPTIONS, 1)
    ],
}


def _part(*names: str) -> dict[str, Any]:
    return {name: LISTED[name] for name in names}


_DETAIL: Final = _part(
    "id",
    "title",
    "code",
    "subject",
    "description",
    "time_limit",
    "is_published",
    "is_active",
    "date",
    "created_by",
    "created_at",
)
_ENTERED: Final = _part("id", "title", "code", "subject", "time_limit", "is_published", "is_active")

DETAIL: Final = {**_DETAIL, "questions": [QUESTION]}
DETAIL_FOR_STUDENT: Final = {**_DETAIL, "questions": [QUESTION_FOR_STUDENT]}
ENTERED: Final = {**_ENTERED, "questions": [QUESTION]}
ENTERED_FOR_STUDENT: Final = {**_ENTERED, "questions": [QUESTION_FOR_STUDENT]}
