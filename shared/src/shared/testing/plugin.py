"""The pytest plugin of the suite: databases of both kinds, tokens, clients, a real NATS."""

import asyncio
import gc
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx2
import hypothesis
import pytest
from fastapi import FastAPI

from shared.db.engine import Database
from shared.db.migrate import upgrade
from shared.testing import postgres
from shared.testing.nats import NatsServer
from shared.testing.tokens import SERVICE_SECRET, TokenFactory

# No test depends on a time measured, and the machine may be busy.
hypothesis.settings.register_profile(
    "suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

MakeClient = Callable[[FastAPI], Awaitable[httpx2.AsyncClient]]

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a file system, pytest makes its own folders there
ROOM: Final = 4 << 30

_server = pytest.StashKey[postgres.PostgresServer]()
_migrated: dict[tuple[str, str], str] = {}


def pytest_configure() -> None:
    """Let tests write to memory where there is room: what dies with them need wait for no disk."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the PostgreSQL server that this run started."""
    if _server in config.stash:
        config.stash[_server].stop()
        os.environ.pop(postgres.VARIABLE, None)


def pytest_collection(session: pytest.Session) -> None:
    """Start PostgreSQL once per run, before xdist starts its workers, which inherit its URL."""
    _ensure_postgres(session.config)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what lives as long as the run: it took a tenth of it."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long fault runs out unless `-m` speaks of markers."""
    if not config.option.markexpr:
        chaos = [item for item in items if item.get_closest_marker("chaos")]
        config.hook.pytest_deselected(items=chaos)
        items[:] = [item for item in items if item not in chaos]


def _ensure_postgres(config: pytest.Config) -> str:
    if postgres.VARIABLE not in os.environ:
        config.stash[_server] = postgres.PostgresServer()
        os.environ[postgres.VARIABLE] = config.stash[_server].url
    return os.environ[postgres.VARIABLE]


@pytest.fixture(scope="session")
def postgres_url(request: pytest.FixtureRequest) -> str:
    """URL of a PostgreSQL superuser without a database name."""
    return _ensure_postgres(request.config)


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """Each test that touches a database runs on both kinds."""
    return str(request.param)


@pytest.fixture
def database_url(
    dialect: str,
    package: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> str:
    """Return the URL of an empty database with the schema of *package*."""
    key = (dialect, package)
    if dialect == "sqlite":
        if key not in _migrated:
            template = tmp_path_factory.mktemp(f"{package}-template") / "template.sqlite3"
            asyncio.run(_migrate(f"sqlite+aiosqlite:///{template}", package))
            with sqlite3.connect(template) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            _migrated[key] = str(template)
        shutil.copy(_migrated[key], tmp_path / f"{package}.sqlite3")
        return f"sqlite+aiosqlite:///{tmp_path / package}.sqlite3"
    server = str(request.getfixturevalue("postgres_url"))
    if key not in _migrated:
        name = f"test_{package}_{uuid4().hex[:12]}"
        asyncio.run(postgres.execute(f"{server}/postgres", f'CREATE DATABASE "{name}"'))
        asyncio.run(_migrate(_driver(f"{server}/{name}"), package))
        _migrated[key] = f"{server}/{name}"
    asyncio.run(postgres.empty(_migrated[key]))
    return _driver(_migrated[key])


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


async def _migrate(url: str, package: str) -> None:
    database = Database(url)
    try:
        await upgrade(package, database)
    finally:
        await database.close()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open the test's database."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> TokenFactory:
    """Make access tokens that the services under test accept."""
    return TokenFactory(tmp_path_factory.mktemp("jwks"))


@pytest.fixture
def settings_kwargs(database_url: str, tokens: TokenFactory) -> dict[str, Any]:
    """Return what every service's settings need in a test: no NATS, keys from a file."""
    return {
        "database_url": database_url,
        "jwks_cache": tokens.jwks_file,
        "service_secret": SERVICE_SECRET,
        "drain_seconds": 0,
        "request_seconds": 30,  # no test depends on how busy the machine is
        "migrate_on_start": False,
    }


@pytest.fixture
async def make_client() -> AsyncIterator[MakeClient]:
    """Return a function that starts an application and gives a client for it."""
    async with AsyncExitStack() as stack:

        async def make(app: FastAPI) -> httpx2.AsyncClient:
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            client = httpx2.AsyncClient(transport=transport, base_url="http://test")
            return await stack.enter_async_context(client)

        yield make


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """Start a NATS server of the test's own."""
    server = NatsServer(tmp_path)
    yield server
    server.kill()
