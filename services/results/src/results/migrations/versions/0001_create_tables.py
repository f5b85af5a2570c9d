"""Create the tables of the results service."""

import sqlalchemy as sa
from alembic import op

from shared.db.tables import create_shared_tables, drop_shared_tables
from shared.db.types import BigId, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_shared_tables(users=True)
    _create_replicas()
    op.create_table(
        "results",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("version", BigId, nullable=False),
        sa.Column("exam_id", BigId, nullable=False),
        sa.Column("exam_title", sa.String(255), nullable=False),
        sa.Column("questions_version", BigId, nullable=True),
        sa.Column("student_id", BigId, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("correct_answers", sa.Integer, nullable=False),
        sa.Column("total_questions", sa.Integer, nullable=False),
        sa.Column("is_checked", sa.Boolean, nullable=False),
        sa.Column("checked_by", BigId, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("exam_id", "student_id", name="uq_results_exam_id_student_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_results_student_id_id", "results", ["student_id", "id"])
    _create_answers()
    op.create_table(
        "idempotency_keys",
        sa.Column("student_id", BigId, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("result_id", BigId, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("response", sa.LargeBinary, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["result_id"],
            ["results.id"],
            name="fk_idempotency_keys_result_id_results",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_idempotency_keys_result_id", "idempotency_keys", ["result_id"])
    op.create_table(
        "deleted_results",
        sa.Column("result_id", BigId, primary_key=True, autoincrement=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("exam_id", BigId, nullable=False),
        sa.Column("student_id", BigId, nullable=False),
    )


def _create_replicas() -> None:
    op.create_table(
        "exam_replicas",
        sa.Column("exam_id", BigId, primary_key=True, autoincrement=False),
        sa.Column("version", BigId, nullable=False),
        sa.Column("announced_version", BigId, nullable=False, server_default="0"),
        sa.Column("questions_version", BigId, nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("is_published", sa.Boolean, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("is_deleted", sa.Boolean, nullable=False),
    )
    op.create_table(
        "exam_version_replicas",
        sa.Column("exam_id", BigId, primary_key=True, autoincrement=False),
        sa.Column("questions_version", BigId, primary_key=True, autoincrement=False),
        sa.Column("questions", sa.LargeBinary, nullable=False),
    )


def _create_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("result_id", BigId, nullable=False),
        sa.Column("question_id", BigId, nullable=False),
        sa.Column("question_type", sa.String(10), nullable=False),
        sa.Column("question_text", sa.Text, nullable=False),
        sa.Column("option_id", BigId, nullable=True),
        sa.Column("option_text", sa.Text, nullable=True),
        sa.Column("written_answer", sa.Text, nullable=True),
        sa.Column("is_correct", sa.Boolean, nullable=False),
        sa.Column("comment", sa.Text, nullable=True),
        sa.Column("graded_by", BigId, nullable=True),
        sa.Column("graded_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ["result_id"],
            ["results.id"],
            name="fk_answers_result_id_results",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("result_id", "question_id", name="uq_answers_result_id_question_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in (
        "deleted_results",
        "idempotency_keys",
        "answers",
        "results",
        "exam_version_replicas",
        "exam_replicas",
    ):
        op.drop_table(table)
    drop_shared_tables(users=True)
