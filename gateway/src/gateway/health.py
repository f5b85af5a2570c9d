"""The health of the suite: every service is asked whether it is ready."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final

import httpx2

ASK_SECONDS: Final = 1.0
FRESH_SECONDS: Final = 0.5
NOTICE_SECONDS: Final = 0.3
"""Until Traefik sends to a service that came back: it asks those every 0.1 s."""


class Health:
    """Asks all replicas at once; callers within half a second share one answer."""

    def __init__(self, replicas: Mapping[str, Sequence[str]], client: httpx2.AsyncClient) -> None:
        """Ask *replicas* by service."""
        self._replicas = replicas
        self._client = client
        self._asking: asyncio.Task[dict[str, str]] | None = None
        self._asked_at = 0.0
        self._ready: set[str] = set()

    async def services(self) -> dict[str, str]:
        """Return `ok` or `down` by service."""
        now = time.monotonic()
        if self._asking is None or (self._asking.done() and now - self._asked_at > FRESH_SECONDS):
            self._asking = asyncio.create_task(self._ask())
            self._asked_at = now
        # A caller who goes away must not end the question of the others.
        return await asyncio.shield(self._asking)

    async def _ask(self) -> dict[str, str]:
        found = await asyncio.gather(*map(self._service, self._replicas))
        return dict(zip(self._replicas, found, strict=True))

    async def _service(self, name: str) -> str:
        """Say `ok` when all replicas are ready: whoever replaces them one by one waits for it."""
        if not all(await asyncio.gather(*map(self._is_ready, self._replicas[name]))):
            self._ready.discard(name)
            return "down"
        if name not in self._ready:
            # Who hears `ok` may ask the service the next moment, through the gateway.
            await asyncio.sleep(NOTICE_SECONDS)
            self._ready.add(name)
        return "ok"

    async def _is_ready(self, url: str) -> bool:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                answer = await self._client.get(f"{url}/ready/")
        except (httpx2.HTTPError, TimeoutError):
            return False
        return answer.status_code == httpx2.codes.OK
