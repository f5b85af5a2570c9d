"""How many take part in an exam, as results tells it."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from exams.repository import participants as repository
from exams.repository.participants import ResultRow
from shared.contracts.results import ResultChangedV1


async def apply_result(tx: AsyncSession, event: ResultChangedV1) -> None:
    """Keep what results told unless something newer is known, and count its exam's participants."""
    row = _row_of(event)
    by_exam: dict[int, int] = {}
    if not await repository.add_result(tx, row):
        known = await repository.get_result_for_update(tx, event.result_id)
        if known.version >= event.version:
            return
        await repository.change_result(tx, row)
        by_exam[known.exam_id] = -int(not known.is_deleted)
    by_exam[event.exam_id] = by_exam.get(event.exam_id, 0) + int(not event.is_deleted)
    for exam_id in sorted(by_exam):
        if by_exam[exam_id]:
            await repository.count_participant(tx, exam_id, by_exam[exam_id])


async def keep_results(tx: AsyncSession, results: Iterable[ResultChangedV1]) -> None:
    """Keep a page of what results holds; this also mends counters whose replica was lost."""
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
