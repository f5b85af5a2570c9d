"""Tables of the messaging service; moments the sender computes with are integers (µs, UTC)."""

from datetime import datetime
from typing import Final

from sqlalchemy import (
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    column,
    literal_column,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from messaging.domain.delivery import Status
from shared.db.types import NAMING, BigId, UtcDateTime

PENDING: Final = column("status") == literal_column(f"'{Status.PENDING}'")
SENDING: Final = column("status") == literal_column(f"'{Status.SENDING}'")


class Base(DeclarativeBase):
    """Metadata of this service."""

    metadata = MetaData(naming_convention=NAMING)


class Message(Base):
    """What somebody wrote to students."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_created_at_id", "created_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    text: Mapped[str] = mapped_column(Text)
    sent_by: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MessageLog(Base):
    """One recipient of a message and how far it came; also the sender's queue."""

    __tablename__ = "message_logs"
    __table_args__ = (
        UniqueConstraint("message_id", "recipient_id"),
        Index(
            "ix_message_logs_pending",
            "due_at",
            "id",
            sqlite_where=PENDING,
            postgresql_where=PENDING,
        ),
        Index(
            "ix_message_logs_sending",
            "lease_until",
            sqlite_where=SENDING,
            postgresql_where=SENDING,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    recipient_id: Mapped[int] = mapped_column(BigId)
    recipient_name: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(10))
    error: Mapped[str | None] = mapped_column(String(500))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[int] = mapped_column(BigId)
    tries: Mapped[int] = mapped_column(server_default="0")
    attempt: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[int | None] = mapped_column(BigId)


class TelegramPace(Base):
    """One row: the next free slot of the whole bot, and until when it is paused."""

    __tablename__ = "telegram_pace"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    next_at: Mapped[int] = mapped_column(BigId)
    paused_until: Mapped[int] = mapped_column(BigId)


class TelegramChat(Base):
    """A chat we wrote to: when it may get the next message, and since when it refuses us."""

    __tablename__ = "telegram_chats"

    chat_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    next_at: Mapped[int] = mapped_column(BigId)
    unreachable_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TelegramLink(Base):
    """A way to bind a chat to a user, once, until it expires; of the token only the hash."""

    __tablename__ = "telegram_links"
    __table_args__ = (
        Index("ix_telegram_links_expires_at", "expires_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(BigId)
    created_by: Mapped[int] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    chat_id: Mapped[int | None] = mapped_column(BigId)


class TelegramPoller(Base):
    """One row: which replica asks Telegram for updates, until when, and from which one on."""

    __tablename__ = "telegram_poller"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    owner: Mapped[str] = mapped_column(String(32))
    lease_until: Mapped[int] = mapped_column(BigId)
    next_update: Mapped[int] = mapped_column(BigId)
