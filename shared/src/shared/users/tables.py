"""The table of the users' replica."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db.types import NAMING, UtcDateTime


class UsersBase(DeclarativeBase):
    """Metadata of the users' replica."""

    metadata = MetaData(naming_convention=NAMING)


class UserReplica(UsersBase):
    """A user as auth last told of him; `version` decides what is newer."""

    __tablename__ = "user_replicas"
    __table_args__ = (Index("ix_user_replicas_role_is_active", "role", "is_active"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    username: Mapped[str] = mapped_column(String(150))
    role: Mapped[str] = mapped_column(String(20))
    full_name: Mapped[str] = mapped_column(String(255))
    telegram_id: Mapped[int | None] = mapped_column(BigInteger)
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
