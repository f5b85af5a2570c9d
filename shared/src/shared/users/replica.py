"""Users: what this service knows of auth's users, and asking auth once for whom it does not."""

import asyncio
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.contracts.auth import UserChangedV1
from shared.db.bulk import find_rows
from shared.db.engine import Database
from shared.db.glance import Glance
from shared.db.upsert import insert_newer
from shared.errors import Unavailable
from shared.events.consumers import Consumers
from shared.replicas import keep_equal
from shared.users.states import UserStates
from shared.users.tables import UserReplica

log = structlog.get_logger()

LOOKUP_SECONDS: Final = 1.0
LOOKUP_LIMIT: Final = 5000
PARAMETERS: Final = 500
"""How many ids one statement names; SQLite bounds them."""


class Client(Protocol):
    """The part of `InternalClient` that is used here."""

    async def get(self, path: str, *, timeout: float = 1.0) -> Any:  # noqa: ANN401, ASYNC109 - JSON
        """Return the JSON answer."""

    async def post(self, path: str, body: Any, *, timeout: float = 1.0) -> Any:  # noqa: ANN401, ASYNC109
        """Return the JSON answer."""


def row_of(event: UserChangedV1) -> dict[str, Any]:
    """Return the replica's row for the state that auth told."""
    row = event.model_dump()
    row["id"] = row.pop("user_id")
    return row


async def apply_user(tx: AsyncSession, event: UserChangedV1) -> None:
    """Keep the state that auth told, unless a newer one is known."""
    await insert_newer(tx, UserReplica, [row_of(event)])


def users_consumer(consumers: Consumers) -> None:
    """Let *consumers* keep the replica up to date."""
    if UserChangedV1.subject not in consumers.registrations:
        consumers.add(UserChangedV1, apply_user)


async def find_users(tx: AsyncSession, ids: Iterable[int]) -> dict[int, UserReplica]:
    """Return those of *ids* that are known, by id."""
    found: dict[int, UserReplica] = {}
    for part in _parts(ids):
        for user in await tx.scalars(select(UserReplica).where(UserReplica.id.in_(part))):
            found[user.id] = user
    return found


async def _known(tx: AsyncSession, ids: Iterable[int]) -> set[int]:
    """Tell which of *ids* are known; for thousands, whole users would cost ten times as much."""
    found: set[int] = set()
    for part in _parts(ids):
        found.update(await tx.scalars(select(UserReplica.id).where(UserReplica.id.in_(part))))
    return found


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), PARAMETERS):
        yield wanted[start : start + PARAMETERS]


class Users:
    """The users as this process sees them."""

    def __init__(self, database: Database, client: Client | None) -> None:
        """Read from *database*; ask auth over *client* for whom it does not know."""
        self.database = database
        self.client = client
        self.states = UserStates(database)

    async def find(self, tx: AsyncSession, user_id: int) -> UserReplica | None:
        """Return the user if he is known here; call `resolve` first, outside the transaction."""
        return await tx.get(UserReplica, user_id)

    async def find_roles(self, look: Glance, ids: Iterable[int]) -> dict[int, str]:
        """Return the roles of those of *ids* that are known, by id."""
        wanted = [(user_id,) for user_id in dict.fromkeys(ids)]
        found = await find_rows(look, UserReplica, wanted, key=("id",), columns=("id", "role"))
        return {row.id: row.role for row in found}

    async def resolve(self, ids: Sequence[int]) -> None:
        """
        Ask auth once for those of *ids* that are unknown here, and keep what it says.

        Ids that auth does not know either stay unknown. Raises `Unavailable` when someone is
        unknown and auth does not answer. Never call it inside a transaction.
        """
        async with self.database.reading() as view:
            known = await _known(view, ids)
        absent = [user_id for user_id in dict.fromkeys(ids) if user_id not in known]
        if not absent:
            return
        if self.client is None:
            raise Unavailable
        for start in range(0, len(absent), LOOKUP_LIMIT):
            part = absent[start : start + LOOKUP_LIMIT]
            answer = await self.client.post(
                "/internal/users/lookup/", {"ids": part}, timeout=LOOKUP_SECONDS
            )
            await self._keep(answer)

    async def state(self, user_id: int) -> tuple[str, bool] | None:
        """Return (role, is_active) as of at most 3 s ago, or None for an unknown user."""
        return await self.states.of(user_id)

    async def run(self) -> None:
        """Compare with auth from time to time and fetch what differs: rebuilds a lost replica."""
        if self.client is not None:
            await asyncio.sleep(random.random())  # noqa: S311 - four services start at once
            await keep_equal(
                "users", self.client, "/internal/users/", local=self._digest, keep=self._keep_page
            )

    async def _digest(self) -> tuple[int, int]:
        async with self.database.reading() as view:
            statement = select(func.count(), func.coalesce(func.sum(UserReplica.version), 0))
            row = (await view.execute(statement.select_from(UserReplica))).one()
        return int(row[0]), int(row[1])

    async def _keep_page(self, items: list[Any]) -> int:
        await self._keep(items)
        return int(items[-1]["user_id"])

    async def _keep(self, items: list[Any]) -> None:
        rows = [row_of(UserChangedV1.model_validate(item)) for item in items]
        async with self.database.transaction() as tx:
            await insert_newer(tx, UserReplica, rows)
        self.states.expire()
