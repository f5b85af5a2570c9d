"""The columns that the checks read; the services own the tables and everything else about them."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Float,
    Integer,
    LargeBinary,
    String,
    TableClause,
    column,
    table,
)
from sqlalchemy.types import TypeEngine

from shared.db.types import UtcDateTime

ID: Final = BigInteger()
NUMBER: Final = Integer()
TEXT: Final = String()
FLAG: Final = Boolean()


def _table(name: str, /, **columns: TypeEngine[Any]) -> TableClause:
    return table(name, *(column(key, kind) for key, kind in columns.items()))


USER_STATE: Final[dict[str, TypeEngine[Any]]] = {
    "id": ID,
    "version": ID,
    "username": TEXT,
    "role": TEXT,
    "full_name": TEXT,
    "telegram_id": ID,
    "is_active": FLAG,
}

# auth
users: Final = _table("users", **USER_STATE)
# every service but auth
user_replicas: Final = _table("user_replicas", **USER_STATE, changed_at=UtcDateTime())
# every service
outbox: Final = _table(
    "outbox",
    id=ID,
    subject=TEXT,
    entity=TEXT,
    payload=LargeBinary(),
    created_at=UtcDateTime(),
    published_at=UtcDateTime(),
)
dead_letters: Final = _table("dead_letters", id=ID, consumer=TEXT, replayed_at=UtcDateTime())
# exams
subjects: Final = _table("subjects", id=ID, version=ID, name=TEXT, is_deleted=FLAG)
exams: Final = _table(
    "exams",
    id=ID,
    code=TEXT,
    version=ID,
    questions_version=ID,
    title=TEXT,
    is_published=FLAG,
    is_active=FLAG,
    is_deleted=FLAG,
    questions_count=NUMBER,
    participants_count=NUMBER,
)
questions: Final = _table("questions", id=ID, exam_id=ID, type=TEXT)
options: Final = _table("options", id=ID, question_id=ID, is_correct=FLAG)
result_replicas: Final = _table(
    "result_replicas", result_id=ID, exam_id=ID, version=ID, is_deleted=FLAG
)
# results
exam_replicas: Final = _table(
    "exam_replicas",
    exam_id=ID,
    version=ID,
    questions_version=ID,
    title=TEXT,
    is_published=FLAG,
    is_active=FLAG,
    is_deleted=FLAG,
)
exam_versions: Final = _table(
    "exam_version_replicas", exam_id=ID, questions_version=ID, questions=LargeBinary()
)
results: Final = _table(
    "results",
    id=ID,
    version=ID,
    exam_id=ID,
    questions_version=ID,
    student_id=ID,
    score=Float(),
    correct_answers=NUMBER,
    total_questions=NUMBER,
)
deleted_results: Final = _table("deleted_results", result_id=ID, version=ID, exam_id=ID)
answers: Final = _table(
    "answers",
    id=ID,
    result_id=ID,
    question_id=ID,
    question_type=TEXT,
    option_id=ID,
    is_correct=FLAG,
    graded_by=ID,
)
# messaging
messages: Final = _table("messages", id=ID)
message_logs: Final = _table(
    "message_logs",
    id=ID,
    message_id=ID,
    recipient_id=ID,
    status=TEXT,
    error=TEXT,
    sent_at=UtcDateTime(),
    due_at=ID,
    lease_until=ID,
)
# worklogs
work_logs: Final = _table("work_logs", id=ID, employee_id=ID, date=Date(), status=FLAG)
attendances: Final = _table("attendances", employee_id=ID, date=Date())
scores: Final = _table("scores", employee_id=ID, date=Date())
recordings: Final = _table("recordings", kind=TEXT, employee_id=ID, date=Date())
opened_days: Final = _table("opened_days", through=Date())
subject_replicas: Final = _table("subject_replicas", id=ID, version=ID, name=TEXT, is_deleted=FLAG)
