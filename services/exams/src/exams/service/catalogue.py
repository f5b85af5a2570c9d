"""The whole list of exams as JSON, written once per state of the tables it comes from."""

from collections.abc import Sequence
from typing import Any, Final

from exams.repository import exams as repository
from exams.repository.exams import LISTED_NAMES, ExamFilter
from exams.repository.tables import AnyRow
from shared.db.engine import Database
from shared.http.pagination import written

LIMIT: Final = 4 * 1024 * 1024
"""Longer lists are written anew for each reader: they are not worth the memory."""


def listed_of(row: AnyRow) -> dict[str, Any]:
    """Return an exam as the list shows it."""
    return dict(zip(LISTED_NAMES, row, strict=True))


class Catalogue:
    """
    Remembers the list of all exams, and that of the published ones.

    What a list shows changes only together with a sum of versions, none of which ever goes down;
    one glance at the sums tells whether the list still holds, in whatever process it changed.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: dict[bool, tuple[Sequence[Any], bytes]] = {}

    async def list_exams(self, database: Database, *, published_only: bool) -> bytes:
        """Return the exams, newest first, as a JSON array."""
        kept = self._kept.get(published_only)
        if kept is not None and await repository.state_of_list(database.glance) == kept[0]:
            return kept[1]
        async with database.reading() as view:  # both of one moment
            state = await repository.state_of_list(view)
            rows, _ = await repository.list_exams(view, ExamFilter(published_only=published_only))
        content = await written(rows, listed_of)
        if len(content) <= LIMIT:
            self._kept[published_only] = (state, content)
        return content
