"""Waiting for a condition, with a bound; tests never sleep for a guessed time."""

import asyncio
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
