"""Waiting for a condition, with a bound; tests never sleep for a guessed time."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    probe: Callable[[], Awaitable[T]], *, until: Callable[[T], bool] = bool, seconds: float = 10
) -> T:
    """Return the first value of *probe* that satisfies *until*; fail after *seconds*."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        value = await probe()
        if until(value):
            return value
        if asyncio.get_running_loop().time() > end:
            message = f"still {value!r} after {seconds} s"
            raise AssertionError(message)
        await asyncio.sleep(0.02)


async def connections_end() -> None:
    """
    Wait until no SQLite connection is left, in a test that could open none.

    The driver waits for no thread of a connection that failed, and it speaks to the loop once more.
    """

    async def are_gone() -> bool:
        names = [thread.name for thread in threading.enumerate()]
        return not any("_connection_worker_thread" in name for name in names)

    await eventually(are_gone)
