"""The drivers' own connections: none is left open by whoever goes away while it is opened."""

import asyncio
from pathlib import Path

import aiosqlite
import asyncpg
import pytest
from sqlalchemy.engine import make_url

from shared.db.drivers import Postgresql, Sqlite


async def test_an_opening_of_a_file_that_is_cancelled_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[aiosqlite.Connection] = []

    async def cancelled(connection: aiosqlite.Connection, _: str) -> None:
        opened.append(connection)
        raise asyncio.CancelledError

    monkeypatch.setattr(aiosqlite.Connection, "execute_fetchall", cancelled)
    with pytest.raises(asyncio.CancelledError):
        await Sqlite.open(make_url(f"sqlite+aiosqlite:///{tmp_path}/x.sqlite3"))

    with pytest.raises(ValueError, match="no active connection"):
        await opened[0].commit()


async def test_an_opening_at_a_server_that_is_cancelled_leaves_nothing_open(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[asyncpg.Connection] = []

    async def cancelled(connection: asyncpg.Connection, *_: object, **__: object) -> None:
        opened.append(connection)
        raise asyncio.CancelledError

    monkeypatch.setattr(asyncpg.Connection, "set_type_codec", cancelled)
    with pytest.raises(asyncio.CancelledError):
        await Postgresql.open(make_url(f"{postgres_url}/postgres"))

    assert opened[0].is_closed()
