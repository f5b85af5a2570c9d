"""The tables of events; every service has them in its own database."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, MetaData, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db.types import NAMING, BigId, UtcDateTime


class EventsBase(DeclarativeBase):
    """Metadata of the event tables."""

    metadata = MetaData(naming_convention=NAMING)


class Outbox(EventsBase):
    """An event, written in the transaction of the change that it tells of."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "id",
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
        Index("ix_outbox_entity", "entity", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    event_id: Mapped[UUID] = mapped_column(unique=True)
    subject: Mapped[str] = mapped_column(String(200))
    entity: Mapped[str] = mapped_column(String(100))
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stream_seq: Mapped[int | None] = mapped_column(BigInteger)


class RelayState(EventsBase):
    """How far the own stream had come; a stream that is younger or shorter was lost."""

    __tablename__ = "relay_state"

    stream: Mapped[str] = mapped_column(String(50), primary_key=True)
    born: Mapped[str] = mapped_column(String(64))
    last_seq: Mapped[int] = mapped_column(BigInteger)


class Inbox(EventsBase):
    """An event that was handled, in the transaction of its effect."""

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_handled_at", "handled_at"),)

    consumer: Mapped[str] = mapped_column(String(100), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    handled_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeadLetter(EventsBase):
    """A message that could not be handled; it can be listed and replayed."""

    __tablename__ = "dead_letters"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    consumer: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200))
    stream_seq: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    error: Mapped[str] = mapped_column(String(500))
    tries: Mapped[int]
    parked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replay_requested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replayed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
