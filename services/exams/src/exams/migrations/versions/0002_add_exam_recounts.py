"""
Add how often an exam's participants were counted anew.

Expand: it has a default, so the release before this one writes exams as it did.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("exams") as exams:
        exams.add_column(sa.Column("recounts", sa.BigInteger, server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("exams") as exams:
        exams.drop_column("recounts")
