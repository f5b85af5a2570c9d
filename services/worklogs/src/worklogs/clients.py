"""What this service asks others for: exams, once, about a subject nobody here knows."""

from typing import Any, Final

import structlog

from shared.errors import DomainError
from shared.runtime import Runtime
from worklogs.service import records

log = structlog.get_logger()

ASK_SECONDS: Final = 0.5


async def learn_subjects(runtime: Runtime, ids: set[int]) -> bool:
    """
    Ask exams for its subjects when some of *ids* are unknown; false when it could not be asked.

    Never raises: recording goes on while exams is away, and then any id is believed.
    """
    async with runtime.database.reading() as view:
        unknown = await records.unknown_subjects(view, ids)
    if not unknown:
        return True
    client = runtime.clients.get("exams")
    if client is None:
        return False
    try:
        answer = await client.get("/internal/subjects/", timeout=ASK_SECONDS)
        rows = [_row(one) for one in answer]
    except (DomainError, KeyError, TypeError) as error:
        log.warning("subjects are believed unseen", error=type(error).__name__)
        return False
    async with runtime.database.transaction() as tx:
        await records.keep_subjects(tx, rows)
    return True


def _row(state: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": state["subject_id"],
        "version": state["version"],
        "name": state["name"],
        "is_deleted": state["is_deleted"],
    }
