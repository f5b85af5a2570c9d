"""Create the tables of users, sessions and sign-ins."""

import sqlalchemy as sa
from alembic import op

from shared.db.tables import create_shared_tables, drop_shared_tables
from shared.db.types import BigId, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_users()
    create_sessions()
    create_sign_ins()
    create_shared_tables(users=False)


def create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", BigId, nullable=False, autoincrement=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("username", sa.String(150), nullable=False),
        sa.Column("username_key", sa.String(150), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("full_name", sa.String(255), nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("telegram_id", sa.BigInteger, nullable=True),
        sa.Column("telegram_changed_at", UtcDateTime, nullable=True),
        sa.Column("phone", sa.String(32), nullable=True),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username_key", name="uq_users_username_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_users_role_is_active", "users", ["role", "is_active"])
    op.create_index("ix_users_telegram_id", "users", ["telegram_id"])


def create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id_users"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "refresh_tokens",
        sa.Column("jti", sa.Uuid, nullable=False),
        sa.Column("session_id", sa.Uuid, nullable=False),
        sa.Column("issued_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime, nullable=True),
        sa.Column("used_by", sa.String(32), nullable=True),
        sa.Column("successor", sa.Uuid, nullable=True),
        sa.PrimaryKeyConstraint("jti", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["sessions.id"],
            name="fk_refresh_tokens_session_id_sessions",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"])
    op.create_index("ix_refresh_tokens_expires_at", "refresh_tokens", ["expires_at"])


def create_sign_ins() -> None:
    op.create_table(
        "login_failures",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_login_failures"),
    )
    op.create_index("ix_login_failures_ends_at", "login_failures", ["ends_at"])
    op.create_table(
        "login_places",
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("address", sa.String(32), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "address", "device", name="pk_login_places"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_login_places_user_id_users"),
    )
    op.create_index("ix_login_places_seen_at", "login_places", ["seen_at"])


def downgrade() -> None:
    drop_shared_tables(users=False)
    for name in ("login_places", "login_failures", "refresh_tokens", "sessions", "users"):
        op.drop_table(name)
