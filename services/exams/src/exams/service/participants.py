"""How many take part in an exam, as results tells it."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from exams.repository import participants as repository
from exams.repository.participants import ResultRow
from shared.contracts.results import ResultChangedV1
from shared.db.brief import Writing


async def keep_results(tx: Writing, results: Iterable[ResultChangedV1]) -> None:
    """
    Keep what results told unless something newer is known, and count the participants anew.

    Told by event, or read page by page: this also mends counters whose replica was lost.
    """
    rows = [_row_of(result) for result in results]
    if rows:
        await repository.keep_results(tx, rows)


async def digest_of_results(tx: AsyncSession) -> tuple[int, int]:
    """Return the count and the sum of versions of all known results."""
    return await repository.digest_of_results(tx)


def _row_of(event: ResultChangedV1) -> ResultRow:
    return {
        "result_id": event.result_id,
        "exam_id": event.exam_id,
        "version": event.version,
        "is_deleted": event.is_deleted,
    }
