"""The replica of exams' subjects: whether an id that a score names exists."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from worklogs.repository import subjects


async def unknown_subjects(view: AsyncSession, ids: set[int]) -> set[int]:
    """Return those of *ids* that the replica has never heard of."""
    return ids - set(await subjects.find_subjects(view, ids)) if ids else set()


async def keep_subjects(tx: AsyncSession, states: list[dict[str, Any]]) -> None:
    """Keep what exams told of its subjects, unless newer versions are known."""
    rows = [
        {
            "id": state["subject_id"],
            "version": state["version"],
            "name": state["name"],
            "is_deleted": state["is_deleted"],
        }
        for state in states
    ]
    await subjects.keep_subjects(tx, rows)


async def digest_of_subjects(view: AsyncSession) -> tuple[int, int]:
    """Return how many subjects are held and the sum of their versions."""
    return await subjects.digest_subjects(view)
