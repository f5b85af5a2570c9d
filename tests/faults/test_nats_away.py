"""NATS is disposable: users see only lag while it is away (N1), and a lost store heals (9)."""

import asyncio

import nats
import pytest

from shared.testing.waiting import eventually
from tests.e2e.suite import Suite
from tests.faults.faults import Faults
from tests.faults.hand_in import open_class
from tests.faults.history import Answered, Broken, History

AWAY = [pytest.param(5, id="short"), pytest.param(600, id="long", marks=pytest.mark.chaos)]
LAG_SECONDS = 5
CONVERGED_SECONDS = 60


async def published(suite: Suite, stream: str) -> int:
    """Return how many messages a stream holds."""
    connection = await nats.connect(suite.running.nats_url("ops"), inbox_prefix=b"_INBOX_ops")
    try:
        return (await connection.jetstream().stream_info(stream)).state.messages
    finally:
        await connection.close()


@pytest.mark.parametrize("seconds", AWAY)
async def test_while_nats_is_away_nothing_fails(
    suite: Suite, faults: Faults, history: History, seconds: int
) -> None:
    owner = await suite.owner()
    with faults.down("nats", "stop"):
        away = asyncio.create_task(asyncio.sleep(seconds))
        groups = []
        while not away.done():
            group = await open_class(suite, history, students=2, exams=2)
            await group.hand_in(at_once=4)
            await group.teacher.post(
                "/attendance/", {"student": group.students[0].id, "status": "present"}
            )
            groups.append(group)

    for group in groups:
        await group.counted(seconds=LAG_SECONDS if seconds < 60 else CONVERGED_SECONDS)
        assert not await group.violations()
    ends = [each for each in history.events if isinstance(each, Answered | Broken)]
    assert {each.status if isinstance(each, Answered) else each.error for each in ends} == {200}
    assert (await owner.get("/health/"))["status"] == "ok"


async def test_a_deleted_store_converges_by_itself(
    suite: Suite, faults: Faults, history: History
) -> None:
    group = await open_class(suite, history, students=3, exams=1)

    faults.stop("exams")
    before = await published(suite, "RESULTS")
    await group.hand_in(at_once=3)
    await eventually(
        lambda: published(suite, "RESULTS"), until=lambda now: now == before + len(group.students)
    )
    faults.delete_nats_store()
    faults.heal(CONVERGED_SECONDS)

    await group.counted(seconds=CONVERGED_SECONDS)


async def test_a_user_made_while_nats_was_away_is_told_everywhere(
    suite: Suite, faults: Faults
) -> None:
    owner = await suite.owner()
    with faults.down("nats", "stop"):
        teacher = await suite.sign_up("employee")

    async def logged() -> bool:
        return bool(await owner.get(f"/work-logs/?employee={teacher.id}"))

    await eventually(logged, seconds=LAG_SECONDS)
