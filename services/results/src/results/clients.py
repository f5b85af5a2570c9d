"""Asking exams about an exam, when the replica may not know."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from shared.errors import NotFound, Unavailable
from shared.runtime import Runtime

ASK_SECONDS: Final = 1.0
PARALLEL: Final = 20


class ExamsClient:
    """A bounded line to exams: a rush on an unknown exam must not become a rush on exams."""

    def __init__(self, runtime: Runtime) -> None:
        """Use the runtime's client of exams, when it has one."""
        self._client = runtime.clients.get("exams")
        self._places = asyncio.Semaphore(PARALLEL)

    async def find(self, exam_id: int) -> dict[str, Any] | None:
        """Return the state of an exam with its questions; None when exams does not know it."""
        if self._client is None:
            raise Unavailable
        try:
            async with asyncio.timeout(ASK_SECONDS), self._places:
                path = f"/internal/exams/{exam_id}/"
                state: dict[str, Any] = await self._client.get(path, timeout=ASK_SECONDS)
        except NotFound:
            return None
        except TimeoutError:
            raise Unavailable from None
        return state

    async def versions(self, ids: Sequence[int]) -> dict[int, int]:
        """Return the version of each of *ids* that exams knows."""
        if self._client is None:
            raise Unavailable
        try:
            found = await self._client.post(
                "/internal/exams/versions/", {"ids": ids}, timeout=ASK_SECONDS
            )
        except NotFound:  # a release of exams that does not know the question yet
            raise Unavailable from None
        return dict(found)
