"""The migrations of the tables that every service has: events and the users' replica."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from shared.db.types import BigId, UtcDateTime

EVENT_TABLES: Final = ("relay_state", "dead_letters", "inbox", "outbox")


def create_shared_tables(*, users: bool) -> None:
    """Create the event tables in their first form, and `user_replicas` where *users* is true."""
    op.create_table(
        "outbox",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("entity", sa.String(100), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("published_at", UtcDateTime, nullable=True),
        sa.Column("stream_seq", sa.BigInteger, nullable=True),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["id"],
        sqlite_where=sa.text("published_at IS NULL"),
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_index("ix_outbox_entity", "outbox", ["entity", "id"])
    op.create_table(
        "relay_state",
        sa.Column("stream", sa.String(50), primary_key=True),
        sa.Column("born", sa.String(64), nullable=False),
        sa.Column("last_seq", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.String(100), primary_key=True),
        sa.Column("event_id", sa.String(200), primary_key=True),
        sa.Column("handled_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"])
    op.create_table(
        "dead_letters",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("consumer", sa.String(100), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("stream_seq", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("error", sa.String(500), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("parked_at", UtcDateTime, nullable=False),
        sa.Column("replay_requested_at", UtcDateTime, nullable=True),
        sa.Column("replayed_at", UtcDateTime, nullable=True),
    )
    if users:
        op.create_table(
            "user_replicas",
            sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("version", sa.BigInteger, nullable=False),
            sa.Column("username", sa.String(150), nullable=False),
            sa.Column("role", sa.String(20), nullable=False),
            sa.Column("full_name", sa.String(255), nullable=False),
            sa.Column("telegram_id", sa.BigInteger, nullable=True),
            sa.Column("is_active", sa.Boolean, nullable=False),
            sa.Column("created_at", UtcDateTime, nullable=False),
            sa.Column("changed_at", UtcDateTime, nullable=False),
        )
        op.create_index("ix_user_replicas_role_is_active", "user_replicas", ["role", "is_active"])


def drop_shared_tables(*, users: bool) -> None:
    """Undo `create_shared_tables`."""
    if users:
        op.drop_table("user_replicas")
    for name in EVENT_TABLES:
        op.drop_table(name)
