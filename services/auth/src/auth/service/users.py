"""Use cases about users: create, edit, deactivate, list, and tell the other services."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

from sqlalchemy.ext.asyncio import AsyncSession

from auth.domain import users as domain
from auth.domain.users import Role, UserQuery
from auth.errors import UserNotFound
from auth.models import User
from auth.repository import sessions
from auth.repository import users as repository
from shared.contracts.auth import UserChangedV1
from shared.events.outbox import emit


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a new user consists of."""

    username: str
    password_hash: str
    role: Role
    full_name: str
    telegram_id: int | None = None
    phone: str | None = None


class Changes(TypedDict, total=False):
    """What may change about a user; absent means untouched."""

    username: str
    role: Role
    full_name: str
    telegram_id: int | None
    phone: str | None
    is_active: bool
    password_hash: str


def state_of(user: User) -> UserChangedV1:
    """Return the public state of *user*, which is also what other services ask for."""
    return UserChangedV1(
        user_id=user.id,
        version=user.version,
        username=user.username,
        role=cast("Role", user.role),
        full_name=user.full_name,
        telegram_id=user.telegram_id,
        is_active=user.is_active,
        created_at=user.created_at,
        changed_at=user.changed_at,
    )


async def create_user(tx: AsyncSession, new: NewUser, *, now: datetime) -> User:
    """Create an active user and tell the other services. Raises `UsernameTaken`."""
    return (await create_users(tx, [new], now=now))[0]


async def create_users(tx: AsyncSession, new: Sequence[NewUser], *, now: datetime) -> list[User]:
    """Create active users, all or none, and tell the other services. Raises `UsernameTaken`."""
    users = [_user_of(each, now) for each in new]
    await repository.add_users(tx, users)
    await emit(tx, *map(state_of, users))
    return users


def _user_of(new: NewUser, now: datetime) -> User:
    return User(
        version=1,
        username=new.username,
        username_key=domain.key_of(new.username),
        password_hash=new.password_hash,
        role=new.role,
        full_name=new.full_name,
        search_text=domain.search_text_of(new.username, new.full_name),
        telegram_id=new.telegram_id,
        telegram_changed_at=None if new.telegram_id is None else now,
        phone=new.phone,
        is_active=True,
        created_at=now,
        changed_at=now,
    )


async def update_user(tx: AsyncSession, user_id: int, changes: Changes, *, now: datetime) -> User:
    """
    Change a user and tell the other services.

    A new password or a closed account ends every session of his. Raises `UserNotFound`,
    `UsernameTaken`, `LastOwner`.
    """
    user, other_owners = await repository.lock_user_and_owners(tx, user_id)
    was_active = user.is_active
    domain.require_owner_left(
        was_in_charge=domain.is_in_charge(role=user.role, is_active=was_active),
        stays_in_charge=domain.is_in_charge(
            role=changes.get("role", user.role),
            is_active=changes.get("is_active", was_active),
        ),
        others=len(other_owners),
    )
    if "telegram_id" in changes and changes["telegram_id"] != user.telegram_id:
        user.telegram_changed_at = now
    changed = {name for name, value in changes.items() if getattr(user, name) != value}
    for name in changed:
        setattr(user, name, cast("dict[str, Any]", changes)[name])
    if changed - {"password_hash"}:
        user.username_key = domain.key_of(user.username)
        user.search_text = domain.search_text_of(user.username, user.full_name)
        await _save_and_tell(tx, user, now)
    if "password_hash" in changed or (was_active and not user.is_active):
        await sessions.end_sessions(tx, user_id, now)
    return user


async def deactivate_user(tx: AsyncSession, user_id: int, *, now: datetime) -> None:
    """Close an account; its history stays. Raises `UserNotFound`, `LastOwner`."""
    await update_user(tx, user_id, {"is_active": False}, now=now)


async def link_telegram(
    tx: AsyncSession, user_id: int, telegram_id: int, *, linked_at: datetime, now: datetime
) -> None:
    """
    Give the chat to who opened it last, and take it from whoever had it.

    Links that are older than what is known are passed over, and so are those of unknown users.
    """
    found = {user.id: user for user in await repository.lock_chat(tx, user_id, telegram_id)}
    user = found.get(user_id)
    if user is None:
        return
    if any(_is_newer(each.telegram_changed_at, linked_at) for each in found.values()):
        return
    user.telegram_changed_at = linked_at
    for other in found.values():
        if other is not user:
            other.telegram_id = None
            other.telegram_changed_at = linked_at
            await _save_and_tell(tx, other, now)
    if user.telegram_id != telegram_id:
        user.telegram_id = telegram_id
        await _save_and_tell(tx, user, now)


async def get_visible_user(tx: AsyncSession, user_id: int, *, viewer_role: str) -> User:
    """Return a user whom somebody with *viewer_role* may know. Raises `UserNotFound`."""
    user = await repository.get_user(tx, user_id)
    if not domain.sees(viewer_role, user.role):
        raise UserNotFound
    return user


async def get_user(tx: AsyncSession, user_id: int) -> User:
    """Return a user. Raises `UserNotFound`."""
    return await repository.get_user(tx, user_id)


async def get_user_named(tx: AsyncSession, username: str) -> User:
    """Return who has the name, in whatever case. Raises `UserNotFound`."""
    user = await repository.find_user_by_key(tx, domain.key_of(username))
    if user is None:
        raise UserNotFound
    return user


async def ids_by_name(tx: AsyncSession, usernames: Iterable[str]) -> dict[str, int]:
    """Return who has each of the names, by `domain.key_of` it."""
    return await repository.find_ids_by_key(tx, map(domain.key_of, usernames))


async def list_users(
    tx: AsyncSession, query: UserQuery, *, viewer_role: str
) -> tuple[Sequence[Any], int | None]:
    """Return a page of the users whom somebody with *viewer_role* may know, and their number."""
    return await repository.list_users(tx, domain.query_of(viewer_role, query))


async def standing_of(tx: AsyncSession, user_id: int) -> tuple[str, bool]:
    """Return a user's present role and whether he may act; nobody we do not know may."""
    user = await repository.find_user(tx, user_id)
    return (user.role, user.is_active) if user else ("", False)


async def list_states(tx: AsyncSession, *, after: int, limit: int) -> list[UserChangedV1]:
    """Return a page of states, by id."""
    return [state_of(user) for user in await repository.list_states(tx, after=after, limit=limit)]


async def find_states(tx: AsyncSession, ids: Iterable[int]) -> list[UserChangedV1]:
    """Return the states of those of *ids* that exist."""
    return [state_of(user) for user in await repository.find_states(tx, ids)]


async def digest_of_states(tx: AsyncSession) -> dict[str, int]:
    """Return what tells two copies of the users apart."""
    count, versions = await repository.digest_of_states(tx)
    return {"count": count, "versions": versions}


async def ensure_owner(tx: AsyncSession, new: NewUser, *, now: datetime) -> bool:
    """Create the first owner unless there is one; return whether he was created."""
    if await repository.has_owner(tx):
        return False
    await create_user(tx, new, now=now)
    return True


async def has_owner(tx: AsyncSession) -> bool:
    """Say whether there is an owner already."""
    return await repository.has_owner(tx)


def _is_newer(known: datetime | None, moment: datetime) -> bool:
    return known is not None and known >= moment


async def _save_and_tell(tx: AsyncSession, user: User, now: datetime) -> None:
    user.version += 1
    user.changed_at = now
    await repository.save_user(tx, user)
    await emit(tx, state_of(user))
