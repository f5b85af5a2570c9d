"""Watching what glances send: SQLAlchemy's events do not see it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from shared.db.glance import Glance


@contextmanager
def glances(note: Callable[[str, tuple[Any, ...]], None]) -> Iterator[None]:
    """Tell *note* of each statement of a glance, with its values as the driver gets them."""
    fetch = Glance._fetch  # noqa: SLF001 - the one place that all of them pass

    async def noted(self: Glance, sql: str, values: Sequence[Any]) -> Any:  # noqa: ANN401 - rows
        note(sql, tuple(values))
        return await fetch(self, sql, values)

    with patch.object(Glance, "_fetch", noted):
        yield
