"""The tables: recordings of teachers, recordings from outside, and what follows from them."""

from datetime import date as day
from datetime import datetime

from sqlalchemy import BigInteger, Float, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db.types import NAMING, BigId, UtcDateTime


class Base(DeclarativeBase):
    """Metadata of this service's own tables."""

    metadata = MetaData(naming_convention=NAMING)


class Attendance(Base):
    """Whether a student was there, as one employee recorded it for one day."""

    __tablename__ = "attendances"
    __table_args__ = (
        UniqueConstraint("student_id", "date", "employee_id"),
        Index("ix_attendances_employee_id_date", "employee_id", "date"),
        Index("ix_attendances_date_id", "date", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    employee_id: Mapped[int] = mapped_column(BigInteger)
    student_id: Mapped[int] = mapped_column(BigInteger)
    date: Mapped[day]
    status: Mapped[str] = mapped_column(String(10))
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Score(Base):
    """A score that one employee gave a student for one day; `subject_id` 0 means no subject."""

    __tablename__ = "scores"
    __table_args__ = (
        UniqueConstraint("student_id", "date", "employee_id", "subject_id"),
        Index("ix_scores_employee_id_date", "employee_id", "date"),
        Index("ix_scores_date_id", "date", "id"),
        Index("ix_scores_subject_id_date", "subject_id", "date"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    employee_id: Mapped[int] = mapped_column(BigInteger)
    student_id: Mapped[int] = mapped_column(BigInteger)
    subject_id: Mapped[int] = mapped_column(BigInteger)
    date: Mapped[day]
    value: Mapped[float] = mapped_column(Float)
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Recording(Base):
    """What an outside journal recorded; its own id names it, its newest event is what holds."""

    __tablename__ = "recordings"
    __table_args__ = (Index("ix_recordings_employee_id_date_kind", "employee_id", "date", "kind"),)

    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    source: Mapped[str] = mapped_column(String(200), primary_key=True)
    external_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    employee_id: Mapped[int] = mapped_column(BigInteger)
    student_id: Mapped[int] = mapped_column(BigInteger)
    date: Mapped[day]
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    event_id: Mapped[str] = mapped_column(String(200))


class WorkLog(Base):
    """Whether an employee recorded both halves of a day; one row per employee and day."""

    __tablename__ = "work_logs"
    __table_args__ = (
        UniqueConstraint("employee_id", "date"),
        Index("ix_work_logs_date_id", "date", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    employee_id: Mapped[int] = mapped_column(BigInteger)
    date: Mapped[day]
    status: Mapped[bool]
    note: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EmploymentChange(Base):
    """One version of a user, reduced to whether he was an active employee from then on."""

    __tablename__ = "employment_changes"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    is_employed: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OpenedDays(Base):
    """The last day whose rows were made; one row, which is also the lock of the day's job."""

    __tablename__ = "opened_days"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    through: Mapped[day | None]


class SubjectReplica(Base):
    """A subject as exams last told of it."""

    __tablename__ = "subject_replicas"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(255))
    is_deleted: Mapped[bool]
