"""The replica of results, and the counter of participants that follows it."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exams.models import ResultReplica
from exams.repository.tables import EXAMS, RESULTS
from shared.db.upsert import insert_newer

ResultRow = dict[str, Any]
"""result_id, exam_id, version, is_deleted."""

_IN_EXAM: Final = (
    select(func.count())
    .select_from(RESULTS)
    .where(RESULTS.c.exam_id == EXAMS.c.id, RESULTS.c.is_deleted.is_(False))
    .correlate(EXAMS)
    .scalar_subquery()
)


async def keep_results(tx: AsyncSession, rows: list[ResultRow]) -> None:
    """Keep *rows* where they are newer, and count the participants of their exams anew."""
    rows = sorted(rows, key=lambda row: (row["result_id"], row["version"]))  # locks in one order
    ids = [row["result_id"] for row in rows]
    known = select(RESULTS.c.exam_id).where(RESULTS.c.result_id.in_(ids))
    exams = {row["exam_id"] for row in rows} | set((await tx.scalars(known)).all())
    await insert_newer(tx, ResultReplica, rows, key="result_id")
    await recount_participants(tx, exams)


async def recount_participants(tx: AsyncSession, exam_ids: Collection[int]) -> None:
    """
    Count the participants of exams anew.

    The exams are locked first: whoever adds a result in the meantime either is seen by the count,
    or waits here and counts his own one afterwards.
    """
    wanted = EXAMS.c.id.in_(sorted(exam_ids))
    await tx.execute(select(EXAMS.c.id).where(wanted).order_by(EXAMS.c.id).with_for_update())
    counted = {"participants_count": _IN_EXAM, "recounts": EXAMS.c.recounts + 1}
    await tx.execute(update(EXAMS).where(wanted).values(counted))


async def digest_of_results(tx: AsyncSession) -> tuple[int, int]:
    """Return the count and the sum of versions of all known results, deleted ones too."""
    statement = select(func.count(), func.coalesce(func.sum(RESULTS.c.version), 0))
    count, versions = (await tx.execute(statement.select_from(RESULTS))).one()
    return int(count), int(versions)
