"""The replica of exams' subjects: only whether an id exists."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db.upsert import insert_newer
from worklogs.models import SubjectReplica


async def keep_subjects(tx: AsyncSession, rows: list[dict[str, Any]]) -> None:
    """Keep *rows* unless newer versions are known."""
    await insert_newer(tx, SubjectReplica, rows)


async def find_subjects(tx: AsyncSession, ids: set[int]) -> dict[int, bool]:
    """Return those of *ids* that are known, and whether each still exists."""
    statement = select(SubjectReplica.id, SubjectReplica.is_deleted)
    found = await tx.execute(statement.where(SubjectReplica.id.in_(ids)))
    return {row.id: not row.is_deleted for row in found}


async def digest_subjects(tx: AsyncSession) -> tuple[int, int]:
    """Return how many subjects there are, deleted ones too, and the sum of their versions."""
    statement = select(func.count(), func.coalesce(func.sum(SubjectReplica.version), 0))
    row = (await tx.execute(statement.select_from(SubjectReplica))).one()
    return int(row[0]), int(row[1])
