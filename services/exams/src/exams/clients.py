"""Telling results at once: the push that lets the next submit see what was just written."""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final

import structlog

from shared.errors import NotFound, Unavailable
from shared.runtime import Runtime

log = structlog.get_logger()

PUSH_SECONDS: Final = 0.3


async def push_exam(app: Runtime, state: Mapping[str, Any]) -> None:
    """
    Put the new state of an exam to results, after its commit and before the answer.

    It may fail: the event of the same commit brings the state as well, only later. Then the answer
    waits until the 300 ms are over, for results takes no word of ours for good any longer: it asks
    again before it goes by what it holds. Pushes of two edits may overtake each other: results
    keeps the higher version.
    """
    results = app.clients.get("results")
    if results is None:
        return
    committed_at = monotonic()
    try:
        await results.put(f"/internal/exams/{state['exam_id']}/", state, timeout=PUSH_SECONDS)
    except (NotFound, Unavailable) as error:
        log.warning("exam not pushed", exam=state["exam_id"], error=type(error).__name__)
        await asyncio.sleep(committed_at + PUSH_SECONDS - monotonic())
