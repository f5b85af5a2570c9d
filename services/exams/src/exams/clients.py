"""Telling results at once: the push that lets the next submit see what was just written."""

from collections.abc import Mapping
from typing import Any, Final

import structlog

from shared.errors import NotFound, Unavailable
from shared.runtime import Runtime

log = structlog.get_logger()

PUSH_SECONDS: Final = 0.3


async def push_exam(app: Runtime, state: Mapping[str, Any]) -> None:
    """
    Put the new state of an exam to results, after its commit and before the answer.

    It may fail: the event of the same commit brings the state as well, only later. Pushes of two
    edits may overtake each other: results keeps the higher version.
    """
    results = app.clients.get("results")
    if results is None:
        return
    try:
        await results.put(f"/internal/exams/{state['exam_id']}/", state, timeout=PUSH_SECONDS)
    except (NotFound, Unavailable) as error:
        log.warning("exam not pushed", exam=state["exam_id"], error=type(error).__name__)
