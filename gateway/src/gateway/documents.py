"""The merged OpenAPI document: from the committed snapshot first, then from the live services."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson
import structlog

from gateway.merge import Collision, merge, split
from gateway.own import OWN
from gateway.served import Served

log = structlog.get_logger()

FOLDER: Final = Path(__file__).parent
SNAPSHOT: Final = FOLDER / "openapi.json"
EVENTS: Final = FOLDER / "asyncapi.json"
FIRST_SECONDS: Final = 2.0
EVERY_SECONDS: Final = 30.0
FETCH_SECONDS: Final = 2.0


class Documents:
    """Keeps the last good document of each service, so that one is always served."""

    def __init__(
        self,
        replicas: Mapping[str, Sequence[str]],
        client: httpx2.AsyncClient,
        snapshot: bytes | None = None,
    ) -> None:
        """Begin with *snapshot*, the committed one unless given."""
        self._replicas = replicas
        self._client = client
        self._snapshot = snapshot
        self._live: dict[str, bytes] = {}
        # Written for reading in diffs; sent without the spaces.
        self.openapi = Served.make(_dumps(self._parsed_snapshot()))
        self.asyncapi = Served.make(_dumps(orjson.loads(EVENTS.read_bytes())))

    async def keep_fresh(self) -> None:
        """Ask the services again and again."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            await self.refresh()
            await asyncio.sleep(EVERY_SECONDS)

    async def refresh(self) -> None:
        """Take over what changed. What cannot be had, read or merged changes nothing."""
        found = await asyncio.gather(*map(self._fetch, self._replicas))
        live = self._live | {
            service: body
            for service, body in zip(self._replicas, found, strict=True)
            if body is not None
        }
        if live == self._live:
            return
        try:
            self.openapi = Served.make(_dumps(self._merge(live)))
        except (Collision, LookupError, TypeError, ValueError, AttributeError) as error:
            reason = repr(error)[:300]
            # No traceback: whose document it was matters, not where reading it ended.
            log.error("the documents do not merge", reason=reason)  # noqa: TRY400
            return
        self._live = live

    def _merge(self, live: Mapping[str, bytes]) -> dict[str, Any]:
        parts = split(self._parsed_snapshot())
        parts |= {service: orjson.loads(body) for service, body in live.items()}
        return merge({**parts, "gateway": OWN})

    def _parsed_snapshot(self) -> dict[str, Any]:
        # Read anew each time: parsed, it would take some MB for nothing.
        text = SNAPSHOT.read_bytes() if self._snapshot is None else self._snapshot
        parsed: dict[str, Any] = orjson.loads(text)
        return parsed

    async def _fetch(self, service: str) -> bytes | None:
        for url in self._replicas[service]:
            try:
                async with asyncio.timeout(FETCH_SECONDS):
                    answer = await self._client.get(f"{url}/openapi.json")
            except (httpx2.HTTPError, TimeoutError):
                continue
            if answer.status_code == httpx2.codes.OK and _is_document(answer.content):
                return answer.content
        return None


def _is_document(body: bytes) -> bool:
    try:
        document = orjson.loads(body)
        return bool(document["openapi"].startswith("3.1") and document["paths"])
    except (LookupError, TypeError, ValueError, AttributeError):
        return False


def _dumps(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document)
