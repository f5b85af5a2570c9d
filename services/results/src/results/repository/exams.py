"""SQL of the exams' replica."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from results.models import ExamReplica, ExamVersionReplica
from shared.db.brief import Writing
from shared.db.bulk import find_rows
from shared.db.glance import Glance
from shared.db.upsert import insert_into, insert_newer

_EXAM: Final = tuple(column.key for column in ExamReplica.__table__.columns)


async def find_exams(view: Writing | Glance, ids: Sequence[int]) -> dict[int, Any]:
    """Return the exams among *ids* that are held, by id; rows of `exam_replicas`."""
    wanted = [(exam_id,) for exam_id in ids]
    found = await find_rows(view, ExamReplica, wanted, key=("exam_id",), columns=_EXAM)
    return {row.exam_id: row for row in found}


async def find_questions(
    tx: Writing, wanted: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """Return the questions of each (exam, questions version) that is held."""
    key = ("exam_id", "questions_version")
    columns = (*key, "questions")
    found = await find_rows(tx, ExamVersionReplica, wanted, key=key, columns=columns)
    return {(row[0], row[1]): row[2] for row in found}


async def find_versions(tx: AsyncSession, ids: Sequence[int]) -> dict[int, int]:
    """Return the held version of each exam among *ids* that is held with its questions."""
    exam, version = ExamReplica, ExamVersionReplica
    has_questions = (
        select(version.exam_id)
        .where(version.exam_id == exam.exam_id, version.questions_version == exam.questions_version)
        .exists()
    )
    found = await tx.execute(
        select(exam.exam_id, exam.version).where(
            exam.exam_id.in_(ids), exam.is_deleted | has_questions
        )
    )
    return {row[0]: row[1] for row in found}


async def keep_exam(tx: AsyncSession, exam: dict[str, Any], questions: bytes | None) -> None:
    """Keep an exam's state unless a newer one is held, and its questions for ever."""
    if questions is not None:
        row = {
            "exam_id": exam["exam_id"],
            "questions_version": exam["questions_version"],
            "questions": questions,
        }
        await tx.execute(insert_into(tx, ExamVersionReplica).on_conflict_do_nothing(), [row])
    await insert_newer(tx, ExamReplica, [exam], key="exam_id")


async def announce(tx: AsyncSession, exam_id: int, version: int) -> None:
    """Remember that exams has spoken of *version*; until it is held, exams is asked."""
    statement = update(ExamReplica).where(
        ExamReplica.exam_id == exam_id, ExamReplica.announced_version < version
    )
    await tx.execute(statement.values(announced_version=version))


async def digest(tx: AsyncSession) -> tuple[int, int]:
    """Return how many exams are held and the sum of their versions."""
    statement = select(func.count(), func.coalesce(func.sum(ExamReplica.version), 0))
    row = (await tx.execute(statement.select_from(ExamReplica))).one()
    return int(row[0]), int(row[1])
