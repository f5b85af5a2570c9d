"""Watching what glances and briefs send: SQLAlchemy's events do not see it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from shared.db.drivers import Postgresql, Sqlite


@contextmanager
def glances(note: Callable[[str, tuple[Any, ...]], None]) -> Iterator[None]:
    """Tell *note* of each such statement, with its values as the driver gets them."""
    with ExitStack() as patches:
        for kind in (Postgresql, Sqlite):
            patches.enter_context(patch.object(kind, "fetch", _noted(kind.fetch, note)))
        yield


def _noted(fetch: Any, note: Callable[[str, tuple[Any, ...]], None]) -> Any:  # noqa: ANN401 - a method
    async def noted(self: Any, sql: str, values: Sequence[Any]) -> Any:  # noqa: ANN401 - rows
        note(sql, tuple(values))
        return await fetch(self, sql, values)

    return noted
