"""Hand-ins of one student that several processes take at the same time."""

import asyncio
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from results.domain import Answer
from results.errors import AlreadySubmitted
from results.repository import submits as repository
from results.service.submits import Accepted, Outcome, Submission, submit_all
from services.results.tests.conftest import TellExam
from shared.clock import utcnow
from shared.db.engine import Database
from shared.testing.waiting import eventually

BLOCKED = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
)


def hand_in(key: str | None) -> Submission:
    chosen = [Answer(question_id=101, option_id=1011)]
    return Submission(1, 10, chosen, fingerprint="body", key=key, asked="yes")


@pytest.fixture
async def database(app: FastAPI, client: httpx2.AsyncClient, tell_exam: TellExam) -> Database:
    await tell_exam()
    found: Database = app.state.hpa.database
    return found


async def submit(database: Database, submission: Submission) -> Outcome:
    async with database.transaction() as tx:
        return (await submit_all(tx, [submission], now=utcnow(), trusted=set()))[0]


async def raced(database: Database, first: Submission, second: Submission) -> list[Outcome]:
    """Hand in *second* while the transaction of *first* is not over."""

    async def blocked() -> bool:
        async with database.reading() as view:
            return bool(await view.scalar(BLOCKED))

    async with database.transaction() as tx:
        outcome = (await submit_all(tx, [first], now=utcnow(), trusted=set()))[0]
        other = asyncio.create_task(submit(database, second))
        if database.dialect == "postgresql":  # SQLite lets it begin only afterwards
            await eventually(blocked)
    return [outcome, await other]


class TestSubmitExamInTwoProcesses:
    async def test_with_one_key_gives_both_the_same_answer(self, database: Database) -> None:
        first, second = await raced(database, hand_in("one"), hand_in("one"))

        assert isinstance(first, Accepted)
        assert second == Accepted(first.body, replayed=True)

    @pytest.mark.parametrize("look", ["find_existing", "find_keys"])
    async def test_with_one_key_gives_the_same_answer_when_the_other_ends_after_a_look(
        self, database: Database, monkeypatch: pytest.MonkeyPatch, look: str
    ) -> None:
        if database.dialect == "sqlite":
            pytest.skip("it lets one write at a time")
        real = getattr(repository, look)
        firsts: list[Outcome] = []

        async def followed_by_the_other(tx: AsyncSession, wanted: Any) -> Any:
            found = await real(tx, wanted)
            monkeypatch.undo()
            firsts.append(await submit(database, hand_in("one")))
            return found

        monkeypatch.setattr(repository, look, followed_by_the_other)
        second = await submit(database, hand_in("one"))

        assert isinstance(firsts[0], Accepted)
        assert second == Accepted(firsts[0].body, replayed=True)

    async def test_without_a_key_refuses_the_second(self, database: Database) -> None:
        first, second = await raced(database, hand_in(None), hand_in(None))

        assert isinstance(first, Accepted)
        assert isinstance(second, AlreadySubmitted)
        assert second.headers["Location"] == "/api/v1/exam-results/1/"
