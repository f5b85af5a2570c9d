"""What can be done with subjects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from exams.domain import folded
from exams.errors import SubjectInUse
from exams.repository import subjects as repository
from exams.repository.tables import AnyRow
from shared.contracts.exams import SubjectChangedV1
from shared.events.outbox import emit


async def list_subjects(
    tx: AsyncSession,
    *,
    search: str = "",
    ordering: tuple[str, ...] = (),
    limit: int | None = None,
    offset: int = 0,
) -> tuple[Sequence[AnyRow], int | None]:
    """Return subjects, and, with a limit, how many there are."""
    return await repository.list_subjects(
        tx, search=folded(search), ordering=ordering, limit=limit, offset=offset
    )


async def get_subject(tx: AsyncSession, subject_id: int) -> AnyRow:
    """Return a subject. Raises `SubjectNotFound`."""
    return await repository.get_subject(tx, subject_id)


async def create_subject(tx: AsyncSession, name: str, *, now: datetime) -> AnyRow:
    """Add a subject. Raises `SubjectNameTaken`."""
    told = await repository.add_subject(tx, name=name, name_key=folded(name), now=now)
    await _tell(tx, told)
    return await repository.get_subject(tx, told.subject_id)


async def rename_subject(tx: AsyncSession, subject_id: int, name: str | None) -> AnyRow:
    """Rename a subject; without a name all stays. Raises `SubjectNotFound`, `SubjectNameTaken`."""
    subject = await repository.get_subject_for_update(tx, subject_id)
    if name is None or name == subject.name:
        return subject
    told = await repository.change_subject(tx, subject_id, name=name, name_key=folded(name))
    await _tell(tx, told)
    return await repository.get_subject(tx, subject_id)


async def delete_subject(tx: AsyncSession, subject_id: int) -> None:
    """Delete a subject that no exam belongs to. Raises `SubjectNotFound`, `SubjectInUse`."""
    await repository.get_subject_for_update(tx, subject_id)
    if await repository.has_exams(tx, subject_id):
        raise SubjectInUse
    told = await repository.change_subject(tx, subject_id, name_key=None, is_deleted=True)
    await _tell(tx, told)


async def list_subject_states(tx: AsyncSession, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Return what other services are told of subjects, deleted ones too, by id."""
    rows = await repository.list_subject_states(tx, after=after, limit=limit)
    return [row._asdict() for row in rows]


async def digest_of_subjects(tx: AsyncSession) -> tuple[int, int]:
    """Return the count and the sum of versions of all subjects."""
    return await repository.digest_of_subjects(tx)


async def _tell(tx: AsyncSession, told: AnyRow) -> None:
    await emit(tx, SubjectChangedV1(**told._asdict()))
