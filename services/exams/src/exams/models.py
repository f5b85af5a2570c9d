"""The tables: subjects, exams with their questions, guesses at codes, and a replica of results."""

from datetime import date as day
from datetime import datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db.types import NAMING, BigId, UtcDateTime


class Base(DeclarativeBase):
    """Metadata of this service's own tables."""

    metadata = MetaData(naming_convention=NAMING)


class Subject(Base):
    """What is taught. A deleted one stays as a row, so that its version and its events go on."""

    __tablename__ = "subjects"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's convention

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str | None] = mapped_column(Text, unique=True)
    """The name without regard to case; none once deleted, which frees the name."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(BigInteger)
    is_deleted: Mapped[bool]


class Exam(Base):
    """An exam; `version` grows with every change, `questions_version` is that of its questions."""

    __tablename__ = "exams"
    __table_args__ = (
        Index("ix_exams_subject_id_id", "subject_id", "id"),
        Index("ix_exams_created_by_id", "created_by", "id"),
        Index("ix_exams_date_id", "date", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    title: Mapped[str] = mapped_column(String(255))
    search_text: Mapped[str] = mapped_column(Text)
    """Title and code without regard to case: SQLite's own folding knows ASCII only."""
    code: Mapped[str] = mapped_column(String(6), unique=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id"))
    description: Mapped[str | None] = mapped_column(Text)
    time_limit: Mapped[int]
    is_published: Mapped[bool]
    is_active: Mapped[bool]
    date: Mapped[day]
    created_by: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    questions_count: Mapped[int]
    participants_count: Mapped[int]
    recounts: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """Grows whenever `participants_count` is counted anew: what was rendered before is old then."""
    version: Mapped[int] = mapped_column(BigInteger)
    questions_version: Mapped[int] = mapped_column(BigInteger)
    is_deleted: Mapped[bool]


class Question(Base):
    """A question; never changed, only replaced by a new row with a new id."""

    __tablename__ = "questions"
    __table_args__ = (
        Index("ix_questions_exam_id_order_id", "exam_id", "order", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    exam_id: Mapped[int] = mapped_column(ForeignKey("exams.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(10))
    order: Mapped[int]
    written_answer_sample: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Option(Base):
    """An answer to choose; any correct one counts."""

    __tablename__ = "options"
    __table_args__ = (
        Index("ix_options_question_id_order_id", "question_id", "order", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("questions.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(Text)
    is_correct: Mapped[bool]
    order: Mapped[int]


class CodeGuard(Base):
    """A user's last wrong codes: one short row a user, locked while another one is counted."""

    __tablename__ = "code_guards"
    __table_args__ = (Index("ix_code_guards_last_missed_at", "last_missed_at"),)

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    misses: Mapped[list[float]] = mapped_column(JSON)
    """When, in seconds since 1970."""
    last_missed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ResultReplica(Base):
    """A result as results last told of it: whose exam has one participant more."""

    __tablename__ = "result_replicas"
    __table_args__ = (Index("ix_result_replicas_exam_id_is_deleted", "exam_id", "is_deleted"),)

    result_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    exam_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(BigInteger)
    is_deleted: Mapped[bool]
