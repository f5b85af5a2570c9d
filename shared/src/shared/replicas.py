"""Keeping a replica equal to its owner: compare digests, pull the pages when they differ."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import structlog

from shared.errors import Unavailable

log = structlog.get_logger()

EVERY_SECONDS: Final = 15.0
PAGE_SECONDS: Final = 2.0
START_RETRY_SECONDS: Final = 2.0


class Client(Protocol):
    """The part of `InternalClient` that is used here."""

    async def get(self, path: str, *, timeout: float = 1.0) -> Any:  # noqa: ANN401, ASYNC109 - JSON
        """Return the JSON answer."""


async def keep_equal(
    name: str,
    client: Client,
    path: str,
    *,
    local: Callable[[], Awaitable[tuple[int, int]]],
    keep: Callable[[list[Any]], Awaitable[int]],
) -> None:
    """
    Compare for ever, and pull when owner and replica differ twice in a row or nothing is held.

    *local* returns (count, sum of versions), like the owner's `{path}digest/`. *keep* stores a
    page of `{path}?after=` and returns the id of its last item. Events are the fast path; this one
    rebuilds a replica from nothing and needs no NATS.
    """
    differed = False
    pause = 0.0
    while True:
        await asyncio.sleep(pause)
        pause = EVERY_SECONDS
        try:
            digest = await client.get(f"{path}digest/", timeout=PAGE_SECONDS)
            held = await local()
            if (digest["count"], digest["versions"]) == held:
                differed = False
            elif differed or held[0] == 0:
                pulled = await pull(client, path, keep)
                log.info("replica pulled", replica=name, items=pulled)
                differed = False
            else:
                differed = True
        except Unavailable:
            pause = START_RETRY_SECONDS
        except Exception as error:  # noqa: BLE001 - the next round tries again
            log.warning("replica check", replica=name, error=repr(error)[:200])


async def pull(client: Client, path: str, keep: Callable[[list[Any]], Awaitable[int]]) -> int:
    """Fetch every page of *path* and hand it to *keep*; return how many items there were."""
    after, count = 0, 0
    while True:
        items = await client.get(f"{path}?after={after}", timeout=PAGE_SECONDS)
        if not items:
            return count
        after = await keep(items)
        count += len(items)
