"""A database that takes no writes: reads go on, `/ready/` says why, and it is forgotten."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from shutil import which
from typing import Any
from unittest.mock import patch

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import text
from starlette.responses import Response
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from shared.app import build_app
from shared.clock import utcnow
from shared.db import writable
from shared.db.engine import Database
from shared.events.tables import EventsBase, Inbox
from shared.http.deps import Read, Tx
from shared.http.replies import no_content, reply
from shared.settings import ServiceSettings
from shared.testing.locking import locked
from shared.testing.metrics import read_metrics
from shared.testing.plugin import MakeClient
from shared.testing.waiting import eventually

router = APIRouter(prefix="/api/v1/notes")
REFUSE = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"""
REFUSING = "CREATE TRIGGER refuse BEFORE INSERT ON inbox EXECUTE FUNCTION refuse()"
SMALL = 4 << 20
REQUEST = "bad-state-1"


@router.get("/")
async def count_notes(tx: Read) -> Response:
    return reply(await tx.scalar(text("SELECT count(*) FROM inbox")))


@router.post("/{name}/")
async def write_note(name: str, tx: Tx) -> Response:
    tx.add_all(
        Inbox(consumer=name, event_id=f"{place:0200}", handled_at=utcnow()) for place in range(200)
    )
    return no_content()


@pytest.fixture(scope="session")
def package() -> str:
    return "exams"


@pytest.fixture(autouse=True)
def _ask_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe no write of a moment ago: what the tests change shows at once."""
    monkeypatch.setattr(writable, "FRESH_SECONDS", 0)


def notes(settings: ServiceSettings, url: str) -> FastAPI:
    return build_app(
        name="notes",
        title="Notes",
        description=".",
        settings=settings.model_copy(update={"database_url": url}),
        routers=[router],
    )


@pytest.fixture
def app(things_settings: ServiceSettings, database_url: str) -> FastAPI:
    return notes(things_settings, database_url)


@pytest.fixture
async def client(app: FastAPI, make_client: MakeClient) -> httpx2.AsyncClient:
    return await make_client(app)


@asynccontextmanager
async def full(database: Database) -> AsyncIterator[None]:
    """Let the database itself say that there is no space left."""
    if database.dialect == "sqlite":
        yes, no = ["PRAGMA max_page_count=1"], ["PRAGMA max_page_count=1000000"]
    else:
        yes, no = [REFUSE, REFUSING], ["DROP FUNCTION refuse CASCADE"]
    for statements in (yes, no):
        async with database.transaction() as tx:
            for statement in statements:
                await tx.execute(text(statement))
        if statements is yes:
            yield


async def says(client: httpx2.AsyncClient, word: str) -> httpx2.Response:
    """Wait until `/ready/` says *word* of the database."""

    async def ready() -> httpx2.Response:
        return await client.get("/ready/")

    return await eventually(ready, until=lambda got: got.json()["checks"]["database"] == word)


async def counted(client: httpx2.AsyncClient, reason: str) -> float:
    """Return how many were refused for *reason*."""
    return read_metrics((await client.get("/metrics")).text).of("hpa_refusals_total", reason=reason)


async def refused(client: httpx2.AsyncClient) -> tuple[httpx2.Response, list[Any]]:
    """Write a note, and return the answer and what the log said meanwhile."""
    with capture_logs(processors=[merge_contextvars]) as said:
        answer = await client.post("/api/v1/notes/x/", headers={"X-Request-Id": REQUEST})
    return answer, said


class TestAFullDisk:
    async def test_refuses_writes_reads_on_says_so_and_is_forgotten(
        self, app: FastAPI, client: httpx2.AsyncClient
    ) -> None:
        assert (await client.post("/api/v1/notes/before/")).status_code == 204
        before = (await client.get("/api/v1/notes/")).json()
        database: Database = app.state.hpa.database
        async with full(database):
            written = await client.post("/api/v1/notes/meanwhile/")
            read = await client.get("/api/v1/notes/")
        after = await client.post("/api/v1/notes/after/")

        assert written.status_code == 503
        assert 1 <= int(written.headers["retry-after"]) <= 3
        assert (read.status_code, read.json()) == (200, before)
        assert after.status_code == 204

    @pytest.mark.parametrize("dialect", ["postgresql"])  # SQLite: below, on a disk that is full
    async def test_is_told_by_who_only_asks_whether_all_is_well(
        self, app: FastAPI, client: httpx2.AsyncClient
    ) -> None:
        await says(client, "ok")
        async with full(app.state.hpa.database):
            assert (await says(client, "disk_full")).status_code == 503
        assert (await says(client, "ok")).status_code == 200

    async def test_is_counted_and_logged_with_the_id_of_the_request(
        self, app: FastAPI, client: httpx2.AsyncClient
    ) -> None:
        before = await counted(client, "disk_full")

        async with full(app.state.hpa.database):
            _, said = await refused(client)

        assert await counted(client, "disk_full") == before + 1
        assert [(line["reason"], line["request_id"]) for line in said] == [("disk_full", REQUEST)]


@asynccontextmanager
async def crowded(database: Database) -> AsyncIterator[None]:
    """Take every connection for writing, for longer than anybody waits."""
    gate = next(gate for name, gate in database.gates.items() if name in ("any", "write"))
    async with AsyncExitStack() as stack:
        for _ in range(gate.capacity):
            await stack.enter_async_context(gate.pass_through())
        with patch.object(gate, "_seconds", 0.05):
            yield


class TestALockedOrCrowdedDatabase:
    @pytest.mark.parametrize("reason", ["database_locked", "database_queue"])
    async def test_is_named_while_it_lasts_counted_and_logged(
        self, app: FastAPI, client: httpx2.AsyncClient, database_url: str, reason: str
    ) -> None:
        is_locked = reason == "database_locked"
        await says(client, "ok")
        before = await counted(client, reason)

        async with locked(database_url, "inbox") if is_locked else crowded(app.state.hpa.database):
            answer, said = await refused(client)
            told = await says(client, reason)
        healed = await says(client, "ok")

        assert (answer.status_code, told.status_code, healed.status_code) == (503, 503, 200)
        assert await counted(client, reason) > before
        assert [line["request_id"] for line in said if line.get("reason") == reason] == [REQUEST]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return a folder on a disk of 4 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        [which("mount") or "/bin/mount", "-t", "tmpfs", "-o", f"size={SMALL}", "none", folder],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("only root may make a small disk")
    yield folder
    subprocess.run([which("umount") or "/bin/umount", "--lazy", folder], check=True)


class TestADiskThatReallyIsFull:
    async def test_refuses_writes_reads_on_says_so_and_is_forgotten(
        self, things_settings: ServiceSettings, small_disk: Path, make_client: MakeClient
    ) -> None:
        app = notes(things_settings, f"sqlite+aiosqlite:///{small_disk}/notes.sqlite3")
        async with app.state.hpa.database.engine.begin() as connection:
            await connection.run_sync(EventsBase.metadata.create_all)
        client = await make_client(app)
        assert (await client.post("/api/v1/notes/first/")).status_code == 204
        before = (await client.get("/api/v1/notes/")).json()
        ballast = small_disk / "ballast"
        with ballast.open("wb") as file, pytest.raises(OSError, match="space"):
            file.write(bytes(2 * SMALL))

        statuses = {(await client.post(f"/api/v1/notes/n{n}/")).status_code for n in range(40)}
        read = await client.get("/api/v1/notes/")
        told = await says(client, "disk_full")
        ballast.unlink()
        written = await client.post("/api/v1/notes/last/")
        healed = await says(client, "ok")

        assert 503 in statuses
        assert statuses <= {204, 503}
        assert read.status_code == 200
        assert read.json() >= before
        assert (told.status_code, written.status_code, healed.status_code) == (503, 204, 200)
