"""The replica of results, and the counter of participants that follows it."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Update,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from exams.models import ResultReplica
from exams.repository.tables import EXAMS, RESULTS
from shared.db.brief import Writing, dialect_of
from shared.db.bulk import find_rows
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


def _lock(wanted: ColumnElement[bool]) -> Select[int]:
    return select(EXAMS.c.id).where(wanted).order_by(EXAMS.c.id).with_for_update()


def _recount(wanted: ColumnElement[bool]) -> Update:
    counted = {"participants_count": _IN_EXAM, "recounts": EXAMS.c.recounts + 1}
    return update(EXAMS).where(wanted).values(counted)


_ONE_OF: Final = EXAMS.c.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
_LOCK_ALL: Final = _lock(_ONE_OF)
_RECOUNT_ALL: Final = _recount(_ONE_OF)


async def keep_results(tx: Writing, rows: list[ResultRow]) -> None:
    """Keep *rows* where they are newer, and count the participants of their exams anew."""
    rows = sorted(rows, key=lambda row: (row["result_id"], row["version"]))  # locks in one order
    ids = [(row["result_id"],) for row in rows]
    known = await find_rows(tx, ResultReplica, ids, key=("result_id",), columns=("exam_id",))
    await insert_newer(tx, ResultReplica, rows, key="result_id")
    await recount_participants(tx, {row["exam_id"] for row in rows} | {row[0] for row in known})


async def recount_participants(tx: Writing, exam_ids: Collection[int]) -> None:
    """
    Count the participants of exams anew.

    The exams are locked first: whoever adds a result in the meantime either is seen by the count,
    or waits here and counts his own one afterwards. SQLite lets one write at a time.
    """
    ids = sorted(exam_ids)
    if dialect_of(tx) == "postgresql":
        await tx.execute(_LOCK_ALL, {"ids": ids})
        await tx.execute(_RECOUNT_ALL, {"ids": ids})
    else:
        await tx.execute(_recount(EXAMS.c.id.in_(ids)))


async def digest_of_results(tx: AsyncSession) -> tuple[int, int]:
    """Return the count and the sum of versions of all known results, deleted ones too."""
    statement = select(func.count(), func.coalesce(func.sum(RESULTS.c.version), 0))
    count, versions = (await tx.execute(statement.select_from(RESULTS))).one()
    return int(count), int(versions)
