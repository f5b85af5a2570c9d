"""Create every table of the service."""

import sqlalchemy as sa
from alembic import op

from shared.db.tables import create_shared_tables, drop_shared_tables
from shared.db.types import BigId, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_shared_tables(users=True)
    _create_own_recordings()
    _create_outside_recordings()
    _create_logs()
    op.create_table(
        "subject_replicas",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("is_deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subject_replicas"),
    )


def _create_own_recordings() -> None:
    op.create_table(
        "attendances",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("employee_id", sa.BigInteger, nullable=False),
        sa.Column("student_id", sa.BigInteger, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attendances"),
        sa.UniqueConstraint(
            "student_id", "date", "employee_id", name="uq_attendances_student_id_date_employee_id"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_attendances_employee_id_date", "attendances", ["employee_id", "date"])
    op.create_index("ix_attendances_date_id", "attendances", ["date", "id"])
    op.create_table(
        "scores",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("employee_id", sa.BigInteger, nullable=False),
        sa.Column("student_id", sa.BigInteger, nullable=False),
        sa.Column("subject_id", sa.BigInteger, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scores"),
        sa.UniqueConstraint(
            "student_id",
            "date",
            "employee_id",
            "subject_id",
            name="uq_scores_student_id_date_employee_id_subject_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scores_employee_id_date", "scores", ["employee_id", "date"])
    op.create_index("ix_scores_date_id", "scores", ["date", "id"])
    op.create_index("ix_scores_subject_id_date", "scores", ["subject_id", "date"])


def _create_outside_recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("external_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("employee_id", sa.BigInteger, nullable=False),
        sa.Column("student_id", sa.BigInteger, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
        sa.Column("event_id", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("kind", "source", "external_id", name="pk_recordings"),
    )
    op.create_index(
        "ix_recordings_employee_id_date_kind", "recordings", ["employee_id", "date", "kind"]
    )


def _create_logs() -> None:
    op.create_table(
        "work_logs",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("employee_id", sa.BigInteger, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("status", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_work_logs"),
        sa.UniqueConstraint("employee_id", "date", name="uq_work_logs_employee_id_date"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_work_logs_date_id", "work_logs", ["date", "id"])
    op.create_table(
        "employment_changes",
        sa.Column("user_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("is_employed", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "version", name="pk_employment_changes"),
    )
    op.create_table(
        "opened_days",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("through", sa.Date, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_opened_days"),
    )


def downgrade() -> None:
    for name in (
        "opened_days",
        "employment_changes",
        "work_logs",
        "recordings",
        "scores",
        "attendances",
        "subject_replicas",
    ):
        op.drop_table(name)
    drop_shared_tables(users=True)
