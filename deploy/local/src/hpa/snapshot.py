"""Copies of the SQLite databases, all of the same moment, while the suite goes on."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from hpa.errors import Refused

LOCK_SECONDS: Final = 10.0


def copy_databases(sources: Mapping[str, Path], targets: Mapping[str, Path]) -> None:
    """
    Copy each of *sources* to its target.

    One cut through all of them: for a few milliseconds nobody writes, and each copy shows its
    database as of then. Else a replica could be newer than its owner, which no replay mends.
    """
    with ExitStack() as stack:
        views = {name: stack.enter_context(_connection(path)) for name, path in sources.items()}
        with _nobody_writes(sources):
            for view in views.values():
                view.execute("BEGIN")
                view.execute("SELECT count(*) FROM sqlite_master").fetchone()  # holds the moment
        for name, view in views.items():
            with _connection(targets[name]) as target:
                view.backup(target)


def require_sound(path: Path) -> None:
    """Raise `Refused` when SQLite finds the file damaged."""
    try:
        with _connection(path) as database:
            found = database.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        message = f"{path.name} is damaged: {found}"
        raise Refused(message)


@contextmanager
def _nobody_writes(paths: Mapping[str, Path]) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            for path in paths.values():
                stack.enter_context(_connection(path)).execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            message = f"a database stays locked: {error}"
            raise Refused(message) from None
        yield


@contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    """Open *path*; closing it ends its transaction."""
    with closing(sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)) as database:
        yield database
