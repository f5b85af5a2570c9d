"""Roles and activity of all users in memory: asked at every request, read once for all of them."""

import asyncio
from typing import Final

from sqlalchemy import select

from shared.db.engine import Database
from shared.errors import Unavailable
from shared.users.tables import UserReplica

FRESH_SECONDS: Final = 1.0
STALE_SECONDS: Final = 3.0
"""What is older is not believed; with the way of the event it stays under the promised 5 s."""

STATES: Final = select(UserReplica.id, UserReplica.role, UserReplica.is_active)

State = tuple[str, bool]


class UserStates:
    """
    (role, is_active) by user id.

    In a rush each student asks once: one query for all of an academy's users is cheaper than one
    for each of them. It runs beside the requests, which only wait when nothing fresh is there.
    """

    def __init__(self, database: Database) -> None:
        """Read from *database* when asked."""
        self._database = database
        self._states: dict[int, State] = {}
        self._loaded_at = float("-inf")
        self._loading: asyncio.Task[bool] | None = None

    async def of(self, user_id: int) -> State | None:
        """Return the user's state as of at most 3 s ago, or None. Raises `Unavailable`."""
        age = asyncio.get_running_loop().time() - self._loaded_at
        if age > STALE_SECONDS:
            if not await self._read():
                raise Unavailable
        elif age > FRESH_SECONDS:
            self._load_once()
        return self._states.get(user_id)

    def expire(self) -> None:
        """Read again at the next question: something was just learned."""
        self._loaded_at = float("-inf")

    async def settle(self) -> None:
        """Let a reading that is under way end, before the database is closed."""
        if self._loading is not None:
            await asyncio.wait([self._loading])

    async def _read(self) -> bool:
        """
        Wait for a reading and tell whether it came about.

        One that was under way may have been stuck with a database that is back by now: when it
        fails, there is another one for those who came in the meantime.
        """
        is_joined = self._loading is not None and not self._loading.done()
        is_read = await asyncio.shield(self._load_once())
        return is_read or (is_joined and await asyncio.shield(self._load_once()))

    def _load_once(self) -> asyncio.Task[bool]:
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load(), name="user-states")
        return self._loading

    async def _load(self) -> bool:
        began_at = asyncio.get_running_loop().time()
        try:
            async with self._database.reading() as view:
                rows = (await view.execute(STATES)).all()
        except Unavailable:
            return False
        self._states = {user_id: (role, is_active) for user_id, role, is_active in rows}
        self._loaded_at = began_at
        return True
