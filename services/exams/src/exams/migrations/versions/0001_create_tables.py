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
    _create_subjects()
    _create_exams()
    _create_questions()
    op.create_table(
        "code_guards",
        sa.Column("user_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("misses", sa.JSON, nullable=False),
        sa.Column("last_missed_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_code_guards"),
    )
    op.create_index("ix_code_guards_last_missed_at", "code_guards", ["last_missed_at"])
    op.create_table(
        "result_replicas",
        sa.Column("result_id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("exam_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("is_deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("result_id", name="pk_result_replicas"),
    )
    op.create_index(
        "ix_result_replicas_exam_id_is_deleted", "result_replicas", ["exam_id", "is_deleted"]
    )


def _create_subjects() -> None:
    op.create_table(
        "subjects",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.Text, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("is_deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subjects"),
        sa.UniqueConstraint("name_key", name="uq_subjects_name_key"),
        sqlite_autoincrement=True,
    )


def _create_exams() -> None:
    op.create_table(
        "exams",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("code", sa.String(6), nullable=False),
        sa.Column("subject_id", BigId, nullable=False),
        sa.Column("description", sa.Text, nullable=True),
        sa.Column("time_limit", sa.Integer, nullable=False),
        sa.Column("is_published", sa.Boolean, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("created_by", sa.BigInteger, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("questions_count", sa.Integer, nullable=False),
        sa.Column("participants_count", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("questions_version", sa.BigInteger, nullable=False),
        sa.Column("is_deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exams"),
        sa.UniqueConstraint("code", name="uq_exams_code"),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["subjects.id"], name="fk_exams_subject_id_subjects"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_exams_subject_id_id", "exams", ["subject_id", "id"])
    op.create_index("ix_exams_created_by_id", "exams", ["created_by", "id"])
    op.create_index("ix_exams_date_id", "exams", ["date", "id"])


def _create_questions() -> None:
    op.create_table(
        "questions",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("exam_id", BigId, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("type", sa.String(10), nullable=False),
        sa.Column("order", sa.Integer, nullable=False),
        sa.Column("written_answer_sample", sa.Text, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        sa.ForeignKeyConstraint(
            ["exam_id"], ["exams.id"], name="fk_questions_exam_id_exams", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_questions_exam_id_order_id", "questions", ["exam_id", "order", "id"])
    op.create_table(
        "options",
        sa.Column("id", BigId, autoincrement=True, nullable=False),
        sa.Column("question_id", BigId, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("is_correct", sa.Boolean, nullable=False),
        sa.Column("order", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_options"),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["questions.id"],
            name="fk_options_question_id_questions",
            ondelete="CASCADE",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_options_question_id_order_id", "options", ["question_id", "order", "id"])


def downgrade() -> None:
    for name in ("result_replicas", "code_guards", "options", "questions", "exams", "subjects"):
        op.drop_table(name)
    drop_shared_tables(users=True)
