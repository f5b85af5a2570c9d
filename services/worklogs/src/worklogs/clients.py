"""What this service asks others for: exams, once, about a subject nobody here knows."""

from typing import Final

import structlog

from shared.errors import DomainError
from shared.runtime import Runtime
from worklogs.service import subjects

log = structlog.get_logger()

ASK_SECONDS: Final = 0.5


async def learn_subjects(runtime: Runtime, ids: set[int]) -> bool:
    """
    Ask exams for its subjects when some of *ids* are unknown; false when it could not be asked.

    Never raises: recording goes on while exams is away, and then any id is believed.
    """
    async with runtime.database.reading() as view:
        unknown = await subjects.unknown_subjects(view, ids)
    if not unknown:
        return True
    client = runtime.clients.get("exams")
    if client is None:
        return False
    try:
        path = f"/internal/subjects/?after={min(unknown) - 1}"
        found = await client.get(path, timeout=ASK_SECONDS)
    except DomainError as error:
        log.warning("subjects are believed unseen", error=type(error).__name__)
        return False
    async with runtime.database.transaction() as tx:
        await subjects.keep_subjects(tx, found)
    return True
