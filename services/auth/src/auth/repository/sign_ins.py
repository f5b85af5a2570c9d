"""Statements about failed sign-ins and the places users sign in from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Integer, bindparam, case, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.domain.throttle import LONGEST, Guess, Window
from auth.models import LoginFailure, LoginPlace, User
from shared.db.brief import Writing, dialect_of
from shared.db.bulk import table_of
from shared.db.engine import View
from shared.db.upsert import insert_of

_FAILURES: Final = table_of(LoginFailure)
_PLACES: Final = table_of(LoginPlace)
_ACCOUNT: Final = select(
    *(User.id, User.username, User.role, User.full_name, User.is_active, User.password_hash),
    *(LoginPlace.device, LoginPlace.seen_at),
).join(
    LoginPlace,
    (LoginPlace.user_id == User.id) & (LoginPlace.address == bindparam("address")),
    isouter=True,
)
_NAMED: Final = _ACCOUNT.where(User.username_key == bindparam("username_key"))
_NUMBERED: Final = _ACCOUNT.where(User.id == bindparam("user_id"))
_WINDOWS: Final = select(LoginFailure.key, LoginFailure.failures, LoginFailure.ends_at).where(
    LoginFailure.key.in_([bindparam(kind) for kind in Guess.KINDS])
)
_FORGET: Final = delete(_FAILURES).where(_FAILURES.c.key == bindparam("forgotten"))
_NEWEST: Final = (
    select(_PLACES.c.seen_at)
    .where(_PLACES.c.user_id == bindparam("user"))
    .order_by(_PLACES.c.seen_at.desc())
    .offset(bindparam("others", type_=Integer))
    .limit(1)
    .scalar_subquery()
)
_FORGET_OLDEST: Final = delete(_PLACES).where(
    _PLACES.c.user_id == bindparam("user"), _PLACES.c.seen_at < _NEWEST
)


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs to know of a user."""

    id: int
    username: str
    role: str
    full_name: str
    is_active: bool
    password_hash: str


Found = tuple[Account | None, dict[str, datetime]]
"""An account, and its devices at an address with their last sign-in: one statement for both, so
that a name that does not exist takes no less time."""


async def find_named(view: View, username_key: str, *, address: str) -> Found:
    """Return the account of that name."""
    values = {"username_key": username_key, "address": address}
    return _found((await view.execute(_NAMED, values)).all())


async def find_numbered(view: View, user_id: int, *, address: str) -> Found:
    """Return the account with that id."""
    values = {"user_id": user_id, "address": address}
    return _found((await view.execute(_NUMBERED, values)).all())


async def find_windows(view: View, guess: Guess) -> dict[str, Window]:
    """Return the windows counted under the keys of *guess*."""
    found = await view.execute(_WINDOWS, guess.keys)
    return {row.key: Window(row.failures, row.ends_at) for row in found.all()}


async def count_failure(
    tx: Writing, keys: Iterable[str], *, now: datetime, lasts: timedelta
) -> None:
    """Add one under each of *keys*; a window that is over begins anew."""
    moments = {"now": now, "ends_at": now + lasts, "farthest": now + LONGEST}
    # In one order everywhere, or two of them could wait for each other.
    for key in sorted(keys):
        await tx.execute(_count(dialect_of(tx)), {"key": key, **moments})


async def forget_failures(tx: Writing, keys: Iterable[str]) -> None:
    """Drop what was counted under *keys*."""
    for key in sorted(keys):
        await tx.execute(_FORGET, {"forgotten": key})


async def keep_place(
    tx: Writing, user_id: int, *, address: str, device: str, now: datetime
) -> None:
    """Remember that a user signs in from there."""
    place = {"user_id": user_id, "address": address, "device": device, "seen_at": now}
    await tx.execute(_keep(dialect_of(tx)), place)


async def forget_oldest_places(tx: Writing, user_id: int, *, keep: int) -> None:
    """Keep only the newest places of a user."""
    await tx.execute(_FORGET_OLDEST, {"user": user_id, "others": keep - 1})


async def purge_sign_ins(tx: AsyncSession, now: datetime, *, unseen_since: datetime) -> None:
    """Drop windows that are over and places nobody came from for long."""
    is_over = (LoginFailure.ends_at < now) | (LoginFailure.ends_at > now + LONGEST)
    await tx.execute(delete(LoginFailure).where(is_over))
    await tx.execute(delete(LoginPlace).where(LoginPlace.seen_at < unseen_since))


def _found(rows: Sequence[Any]) -> Found:
    if not rows:
        return None, {}
    devices = {row.device: row.seen_at for row in rows if row.device is not None}
    return Account(*rows[0][:6]), devices


@cache
def _count(dialect: str) -> Any:  # noqa: ANN401 - one of two dialects' Insert
    new = insert_of(dialect, _FAILURES).values(
        key=bindparam("key"), failures=1, ends_at=bindparam("ends_at")
    )
    ends_at = _FAILURES.c.ends_at
    is_over = (ends_at <= bindparam("now")) | (ends_at > bindparam("farthest"))
    return new.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "failures": case((is_over, 1), else_=_FAILURES.c.failures + 1),
            "ends_at": case((is_over, new.excluded.ends_at), else_=ends_at),
        },
    )


@cache
def _keep(dialect: str) -> Any:  # noqa: ANN401 - one of two dialects' Insert
    key = ("user_id", "address", "device")
    new = insert_of(dialect, _PLACES).values({name: bindparam(name) for name in (*key, "seen_at")})
    return new.on_conflict_do_update(index_elements=key, set_={"seen_at": new.excluded.seen_at})
