"""Statements about users."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeVarTuple

from sqlalchemy import Select, bindparam, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from auth.domain.users import OWNER, UserQuery
from auth.errors import UsernameTaken, UserNotFound
from auth.models import User
from shared.db.brief import Writing
from shared.db.bulk import table_of

Columns = TypeVarTuple("Columns")

MAX_PARAMETERS: Final = 500
"""SQLite bounds how many a statement may have."""
_USERS: Final = table_of(User)
_REPLACE_PASSWORD: Final = (
    update(_USERS)
    .where(_USERS.c.id == bindparam("user"), _USERS.c.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"))
    .returning(_USERS.c.id)
)


async def find_user(tx: AsyncSession, user_id: int) -> User | None:
    """Return the user, or None."""
    return await tx.get(User, user_id)


async def get_user(tx: AsyncSession, user_id: int) -> User:
    """Return the user. Raises `UserNotFound`."""
    user = await find_user(tx, user_id)
    if user is None:
        raise UserNotFound
    return user


async def find_user_by_key(tx: AsyncSession, username_key: str) -> User | None:
    """Return who has the name, in whatever case, or None."""
    return await tx.scalar(select(User).where(User.username_key == username_key))


async def lock_user_and_owners(tx: AsyncSession, user_id: int) -> tuple[User, list[User]]:
    """
    Lock a user together with all active owners; return him and the other owners.

    One statement in one order: two that demote each other wait here instead of in a deadlock, and
    the second sees what the first has done. Raises `UserNotFound`.
    """
    statement = (
        select(User)
        .where(or_(User.id == user_id, (User.role == OWNER) & User.is_active))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = list(await tx.scalars(statement))
    user = next((each for each in found if each.id == user_id), None)
    if user is None:
        raise UserNotFound
    return user, [each for each in found if each.id != user_id]


async def lock_chat(tx: AsyncSession, user_id: int, telegram_id: int) -> list[User]:
    """Lock a user and everybody whose chat is *telegram_id*."""
    statement = (
        select(User)
        .where(or_(User.id == user_id, User.telegram_id == telegram_id))
        .order_by(User.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(await tx.scalars(statement))


async def has_owner(tx: AsyncSession) -> bool:
    """Say whether there is an owner, active or not."""
    return await tx.scalar(select(User.id).where(User.role == OWNER).limit(1)) is not None


async def save_user(tx: AsyncSession, user: User) -> None:
    """Write a new or changed user now. Raises `UsernameTaken`: the unique key decides."""
    await add_users(tx, [user])


async def add_users(tx: AsyncSession, users: Sequence[User]) -> None:
    """Write users in one go. Raises `UsernameTaken`: the unique key decides."""
    tx.add_all(users)
    try:
        await tx.flush()
    except IntegrityError as error:
        if "username_key" in str(error.orig):
            raise UsernameTaken from None
        raise


async def find_ids_by_key(tx: AsyncSession, keys: Iterable[str]) -> dict[str, int]:
    """Return who has each of the names, in whatever case; names that are free are absent."""
    wanted = sorted(set(keys))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), MAX_PARAMETERS):
        part = wanted[start : start + MAX_PARAMETERS]
        statement = select(User.username_key, User.id).where(User.username_key.in_(part))
        found |= {row.username_key: row.id for row in await tx.execute(statement)}
    return found


async def replace_password(tx: Writing, user_id: int, *, old: str, new: str) -> bool:
    """Store the hash *new* unless somebody has replaced *old* meanwhile; return whether it was."""
    replaced = await tx.execute(_REPLACE_PASSWORD, {"user": user_id, "old": old, "new": new})
    return replaced.first() is not None


async def list_users(tx: AsyncSession, query: UserQuery) -> tuple[Sequence[Any], int | None]:
    """Return a page of rows, and how many there are in all when it has a limit."""
    columns = select(
        User.id,
        User.username,
        User.role,
        User.full_name,
        User.telegram_id,
        User.phone,
        User.is_active,
        User.created_at,
    )
    page = _matching(columns, query).order_by(*_order(query.ordering)).offset(query.offset)
    if query.limit is None:
        # SQLite knows OFFSET only after a LIMIT; SQLAlchemy writes LIMIT -1 there.
        return (await tx.execute(page)).all(), None
    rows = (await tx.execute(page.limit(query.limit))).all()
    total = await tx.scalar(_matching(select(func.count(User.id)), query))
    return rows, int(total or 0)


async def list_states(tx: AsyncSession, *, after: int, limit: int) -> Sequence[User]:
    """Return users with an id above *after*, in order."""
    statement = select(User).where(User.id > after).order_by(User.id).limit(limit)
    return (await tx.scalars(statement)).all()


async def find_states(tx: AsyncSession, ids: Iterable[int]) -> list[User]:
    """Return those of *ids* that exist."""
    wanted = sorted(set(ids))
    found: list[User] = []
    for start in range(0, len(wanted), MAX_PARAMETERS):
        part = wanted[start : start + MAX_PARAMETERS]
        found += await tx.scalars(select(User).where(User.id.in_(part)).order_by(User.id))
    return found


async def digest_of_states(tx: AsyncSession) -> tuple[int, int]:
    """Return how many users there are and the sum of their versions."""
    statement = select(func.count(User.id), func.coalesce(func.sum(User.version), 0))
    count, versions = (await tx.execute(statement)).one()
    return int(count), int(versions)


def _matching(statement: Select[*Columns], query: UserQuery) -> Select[*Columns]:
    for column, wanted in (
        (User.role, query.role),
        (User.role, query.only_role),
        (User.is_active, query.is_active),
    ):
        if wanted is not None:
            statement = statement.where(column == wanted)
    for word in query.search.casefold().split():
        statement = statement.where(User.search_text.contains(word, autoescape=True))
    return statement


def _order(names: tuple[str, ...]) -> list[Any]:
    fields: list[Any] = [
        getattr(User, name.removeprefix("-")).desc()
        if name.startswith("-")
        else getattr(User, name)
        for name in names
    ]
    return [*fields, User.id]
