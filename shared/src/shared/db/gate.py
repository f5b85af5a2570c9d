"""A fair line in front of a few connections: bounded waiting, a fast lane for urgent work."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.db.faults import refusal


class Gate:
    """
    Lets *capacity* holders in at a time, first come, first served; urgent ones go first.

    `pass_through` raises `Unavailable` after *seconds* of waiting. Without it, a connection pool
    that is asked by hundreds at once times out in no particular order.
    """

    def __init__(self, capacity: int, seconds: float) -> None:
        """Open the gate."""
        self.capacity = capacity
        self._free = capacity
        self._seconds = seconds
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._urgent: deque[asyncio.Future[None]] = deque()

    @property
    def in_use(self) -> int:
        """How many are inside."""
        return self.capacity - self._free

    @property
    def waiting(self) -> int:
        """How many stand before it."""
        return len(self._waiting) + len(self._urgent)

    @asynccontextmanager
    async def pass_through(self, *, urgent: bool = False) -> AsyncIterator[float]:
        """Hold one of the places during the block; it is told how many seconds that took."""
        asked_at = time.monotonic()
        await self._enter(urgent=urgent)
        try:
            yield time.monotonic() - asked_at
        finally:
            self._leave()

    async def _enter(self, *, urgent: bool) -> None:
        if self._free > 0:
            self._free -= 1
            return
        line = self._urgent if urgent else self._waiting
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._leave()  # the place came in the same moment: pass it on
            elif turn in line:
                line.remove(turn)
            if isinstance(error, TimeoutError):
                refused = refusal("database_queue")
                raise refused from None
            raise

    def _leave(self) -> None:
        for line in (self._urgent, self._waiting):
            while line:
                turn = line.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1
