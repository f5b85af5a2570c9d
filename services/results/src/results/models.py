"""Tables of the results service: results and answers, and the replica of exams they rest on."""

from datetime import datetime

from sqlalchemy import (
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db.types import NAMING, BigId, UtcDateTime


class Base(DeclarativeBase):
    """Metadata of this service."""

    metadata = MetaData(naming_convention=NAMING)


class ExamReplica(Base):
    """An exam as exams last told; `announced_version` is the newest that an event spoke of."""

    __tablename__ = "exam_replicas"

    exam_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigId)
    announced_version: Mapped[int] = mapped_column(BigId, server_default="0")
    questions_version: Mapped[int] = mapped_column(BigId)
    title: Mapped[str] = mapped_column(String(255))
    is_published: Mapped[bool]
    is_active: Mapped[bool]
    is_deleted: Mapped[bool]


class ExamVersionReplica(Base):
    """The questions and key of one version of an exam; never changed once written."""

    __tablename__ = "exam_version_replicas"

    exam_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    questions_version: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    questions: Mapped[bytes] = mapped_column(LargeBinary)


class Result(Base):
    """One student's result of one exam."""

    __tablename__ = "results"
    __table_args__ = (
        UniqueConstraint("exam_id", "student_id"),
        Index("ix_results_student_id_id", "student_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    version: Mapped[int] = mapped_column(BigId)
    exam_id: Mapped[int] = mapped_column(BigId)
    exam_title: Mapped[str] = mapped_column(String(255))
    questions_version: Mapped[int | None] = mapped_column(BigId)
    student_id: Mapped[int] = mapped_column(BigId)
    score: Mapped[float] = mapped_column(Double)
    correct_answers: Mapped[int]
    total_questions: Mapped[int]
    is_checked: Mapped[bool]
    checked_by: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ResultAnswer(Base):
    """One answer with its own copies of the texts, readable whatever becomes of the exam."""

    __tablename__ = "answers"
    __table_args__ = (
        UniqueConstraint("result_id", "question_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("results.id", ondelete="CASCADE"))
    question_id: Mapped[int] = mapped_column(BigId)
    question_type: Mapped[str] = mapped_column(String(10))
    question_text: Mapped[str] = mapped_column(Text)
    option_id: Mapped[int | None] = mapped_column(BigId)
    option_text: Mapped[str | None] = mapped_column(Text)
    written_answer: Mapped[str | None] = mapped_column(Text)
    is_correct: Mapped[bool]
    comment: Mapped[str | None] = mapped_column(Text)
    graded_by: Mapped[int | None] = mapped_column(BigId)
    graded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class IdempotencyKey(Base):
    """The answer that a request with this key was given; gone with its result."""

    __tablename__ = "idempotency_keys"

    student_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("results.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    response: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeletedResult(Base):
    """What is left of a deleted result: its last version, for those who hold a replica of it."""

    __tablename__ = "deleted_results"

    result_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigId)
    exam_id: Mapped[int] = mapped_column(BigId)
    student_id: Mapped[int] = mapped_column(BigId)
