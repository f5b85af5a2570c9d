"""Create the tables of the messaging service."""

import sqlalchemy as sa
from alembic import op

from shared.db.tables import create_shared_tables, drop_shared_tables
from shared.db.types import BigId, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_shared_tables(users=True)
    op.create_table(
        "messages",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("sent_by", BigId, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_created_at_id", "messages", ["created_at", "id"])
    _create_logs()
    _create_telegram()


def _create_logs() -> None:
    op.create_table(
        "message_logs",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("recipient_id", BigId, nullable=False),
        sa.Column("recipient_name", sa.String(255), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("error", sa.String(500), nullable=True),
        sa.Column("sent_at", UtcDateTime, nullable=True),
        sa.Column("due_at", BigId, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("attempt", sa.String(32), nullable=True),
        sa.Column("lease_until", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name="fk_message_logs_message_id_messages",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "message_id", "recipient_id", name="uq_message_logs_message_id_recipient_id"
        ),
        sqlite_autoincrement=True,
    )
    for name, columns, status in (
        ("ix_message_logs_pending", ["due_at", "id"], "pending"),
        ("ix_message_logs_sending", ["lease_until"], "sending"),
    ):
        where = sa.column("status") == sa.literal_column(f"'{status}'")
        op.create_index(name, "message_logs", columns, sqlite_where=where, postgresql_where=where)


def _create_telegram() -> None:
    op.create_table(
        "telegram_pace",
        sa.Column("id", BigId, primary_key=True, autoincrement=False),
        sa.Column("next_at", BigId, nullable=False),
        sa.Column("paused_until", BigId, nullable=False),
    )
    op.create_table(
        "telegram_chats",
        sa.Column("chat_id", BigId, primary_key=True, autoincrement=False),
        sa.Column("next_at", BigId, nullable=False),
        sa.Column("unreachable_since", UtcDateTime, nullable=True),
    )
    op.create_table(
        "telegram_links",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("created_by", BigId, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("used_at", UtcDateTime, nullable=True),
        sa.Column("chat_id", BigId, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_telegram_links_expires_at", "telegram_links", ["expires_at"])
    op.create_table(
        "telegram_poller",
        sa.Column("id", BigId, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("lease_until", BigId, nullable=False),
        sa.Column("next_update", BigId, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "telegram_poller",
        "telegram_links",
        "telegram_chats",
        "telegram_pace",
        "message_logs",
        "messages",
    ):
        op.drop_table(table)
    drop_shared_tables(users=True)
