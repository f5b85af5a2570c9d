"""The replica of results, and the counter of participants that follows it."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from exams.models import ResultReplica
from exams.repository.tables import EXAMS, RESULTS, AnyRow
from shared.db.upsert import insert_into, insert_newer

ResultRow = dict[str, Any]
"""result_id, exam_id, version, is_deleted."""

_IN_EXAM: Final = (
    select(func.count())
    .select_from(RESULTS)
    .where(RESULTS.c.exam_id == EXAMS.c.id, RESULTS.c.is_deleted.is_(False))
    .correlate(EXAMS)
    .scalar_subquery()
)
_ADD: Final = (
    update(EXAMS)
    .where(EXAMS.c.id == bindparam("exam"))
    .values(participants_count=EXAMS.c.participants_count + bindparam("by"))
)


async def add_result(tx: AsyncSession, row: ResultRow) -> bool:
    """Insert a result; say whether it was unknown."""
    insert = insert_into(tx, RESULTS).values(row).on_conflict_do_nothing()
    return await tx.scalar(insert.returning(RESULTS.c.result_id)) is not None


async def get_result_for_update(tx: AsyncSession, result_id: int) -> AnyRow:
    """Return what is known of a result, and lock it until *tx* ends."""
    statement = select(RESULTS).where(RESULTS.c.result_id == result_id).with_for_update()
    return (await tx.execute(statement)).one()


async def change_result(tx: AsyncSession, row: ResultRow) -> None:
    """Overwrite a result."""
    await tx.execute(update(RESULTS).where(RESULTS.c.result_id == row["result_id"]).values(row))


async def count_participant(tx: AsyncSession, exam_id: int, by: int) -> None:
    """Add to the participants of an exam, if it is known."""
    await tx.execute(_ADD, {"exam": exam_id, "by": by})


async def keep_results(tx: AsyncSession, rows: list[ResultRow]) -> None:
    """Keep *rows* where they are newer, and count the participants of their exams anew."""
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
    await tx.execute(update(EXAMS).where(wanted).values(participants_count=_IN_EXAM))


async def digest_of_results(tx: AsyncSession) -> tuple[int, int]:
    """Return the count and the sum of versions of all known results, deleted ones too."""
    statement = select(func.count(), func.coalesce(func.sum(RESULTS.c.version), 0))
    count, versions = (await tx.execute(statement.select_from(RESULTS))).one()
    return int(count), int(versions)
