"""One service is built, migrated, rolled and rolled back while the others and it go on working."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from tests.e2e.containers import COMPOSE, DEPLOY, ROOT, Containers
from tests.e2e.suite import Suite, exam_body
from tests.faults.hand_in import Class
from tests.faults.history import Answered, History

EXPANDS = '''\
"""Add what only the next release knows."""

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{before}"


def upgrade() -> None:
    op.add_column("exams", sa.Column("room", sa.String(40), nullable=False, server_default="-"))


def downgrade() -> None:
    op.drop_column("exams", "room")
'''


class Traffic:
    """What people asked meanwhile, and every answer that was not a success."""

    def __init__(self) -> None:
        self.asked = 0
        self.wrong: list[object] = []

    def note(self, told: object, *, is_right: bool) -> None:
        """Count an answer, and keep it when it is wrong."""
        self.asked += 1
        if not is_right:
            self.wrong.append(told)


async def teach(suite: Suite, history: History, traffic: Traffic, over: asyncio.Event) -> None:
    """Write exams, publish each and let a student hand it in at once, until it is over."""
    teacher, student = await suite.known("employee"), await suite.sign_up("student")
    group = Class(suite, teacher, [student], history)
    subject = await teacher.post("/subjects/", {"name": f"Fan {uuid4().hex[:8]}"})
    while not over.is_set():
        made = await teacher.ask("POST", "/exams/", exam_body(subject["id"], tests=1))
        traffic.note(made.text, is_right=made.status_code == 201)
        if made.status_code != 201:
            continue
        exam = made.json()
        published = await teacher.ask("POST", f"/exams/{exam['id']}/publish/")
        traffic.note(published.text, is_right=published.status_code == 200)
        group.exams.append(exam)
        answer = await group.send(student, exam, f"roll-{exam['id']}")
        traffic.note(answer, is_right=isinstance(answer, Answered) and answer.status == 200)
    assert not await group.violations()


async def read(suite: Suite, traffic: Traffic, over: asyncio.Event) -> None:
    """Read lists of several services until it is over."""
    teacher = await suite.known("employee")
    while not over.is_set():
        for path in ("/exams/?limit=5", "/exam-results/?limit=5", "/messages/?limit=5"):
            answer = await teacher.ask("GET", path)
            traffic.note(answer.text, is_right=answer.status_code == 200)


@asynccontextmanager
async def under_load(suite: Suite, history: History) -> AsyncIterator[Traffic]:
    """Keep people busy while the block runs."""
    traffic, over = Traffic(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(teach(suite, history, traffic, over))
        tasks.create_task(read(suite, traffic, over))
        try:
            yield traffic
        finally:
            over.set()


@pytest.fixture
def next_release(suite: Suite, tmp_path: Path) -> Iterator[str]:
    """Build the next release of exams, which differs by one migration, and return its tag."""
    running = suite.running
    assert isinstance(running, Containers)
    for part in ("deploy", "shared/src", "services/exams/src"):
        shutil.copytree(ROOT / part, tmp_path / part, symlinks=True)
    shutil.copy(ROOT / ".dockerignore", tmp_path)
    versions = tmp_path / "services/exams/src/exams/migrations/versions"
    before = max(path.name[:4] for path in versions.glob("[0-9]*.py"))
    (versions / "9999_add_exam_room.py").write_text(EXPANDS.format(before=before))
    tag = f"{running.tag}-next"
    dockerfile = tmp_path / "deploy" / "Dockerfile"
    arguments = ["--build-arg", "SERVICE=exams", "--build-arg", f"VERSION={tag}"]
    running.run(
        "docker", "build", "-q", *arguments, "-t", f"hpa/exams:{tag}", "-f", dockerfile, tmp_path
    )
    yield tag
    if version_of(running) != running.tag:
        running.run(DEPLOY / "roll.sh", "exams", HPA_TAG=running.tag)


def version_of(running: Containers) -> str:
    """Return which release of exams runs."""
    return str(running.container("exams").labels["org.opencontainers.image.version"])


async def columns(running: Containers) -> set[str]:
    """Return the columns of the table of exams."""
    url = running.database_url("exams").replace("+asyncpg", "")
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'exams'"
        )
    finally:
        await connection.close()
    return {row["column_name"] for row in found}


@COMPOSE
async def test_a_roll_and_a_roll_back_fail_no_request(
    suite: Suite, next_release: str, history: History
) -> None:
    running = suite.running
    assert isinstance(running, Containers)
    roll = DEPLOY / "roll.sh"

    async with under_load(suite, history) as forward:
        await asyncio.to_thread(running.run, roll, "exams", HPA_TAG=next_release)
    image = version_of(running)
    known = await columns(running)
    async with under_load(suite, history) as back:
        await asyncio.to_thread(running.run, roll, "exams", HPA_TAG=running.tag)

    assert (image, "room" in known) == (next_release, True)
    assert "room" in await columns(running)
    assert version_of(running) == running.tag
    assert "exams-b" not in running.containers()
    assert (forward.wrong, back.wrong) == ([], [])
    assert min(forward.asked, back.asked) > 100
