"""One link between two parts fails, and both parts are well: what each of them can still do."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared.testing.waiting import eventually
from tests.e2e.fixtures import LINES
from tests.e2e.suite import Suite
from tests.e2e.telegram import FakeTelegram
from tests.faults.faults import Faults
from tests.faults.hand_in import Class, open_class
from tests.faults.history import Answered, History

pytestmark = LINES
LAG_SECONDS = 5
AT_ONCE = 4
"""Exams that are published and handed in one after the other."""


@pytest.fixture
async def group(suite: Suite, history: History) -> Class:
    """Return a class without exams, of which every service knows."""
    return await open_class(suite, history, students=2, exams=0)


async def publish_and_hand_in(group: Class) -> list[int]:
    """Let the first student hand in each exam the moment it is published; return the statuses."""
    ends = []
    for _ in range(AT_ONCE):
        exam = await group.new_exam()
        ends.append(await group.send(group.students[0], exam, uuid4().hex))
    return [each.status for each in ends if isinstance(each, Answered)]


async def test_an_exam_whose_push_cannot_arrive_is_handed_in_at_once(
    faults: Faults, group: Class
) -> None:
    faults.cut("exams>results")

    assert await publish_and_hand_in(group) == [200] * AT_ONCE
    assert not await group.violations()


async def test_an_exam_whose_push_arrives_too_late_is_handed_in_at_once(
    faults: Faults, group: Class
) -> None:
    faults.slow("exams>results", 0.4)

    assert await publish_and_hand_in(group) == [200] * AT_ONCE


async def test_an_exam_whose_pushs_answer_is_lost_is_handed_in_at_once(
    faults: Faults, group: Class
) -> None:
    line = faults.line("exams>results")
    before = line.dropped
    faults.drop_response("exams>results", AT_ONCE)

    assert await publish_and_hand_in(group) == [200] * AT_ONCE
    assert line.dropped - before == AT_ONCE
    assert not await group.violations()


async def test_a_known_exam_is_handed_in_while_results_cannot_ask(
    faults: Faults, group: Class
) -> None:
    faults.cut("results>exams")

    assert await publish_and_hand_in(group) == [200] * AT_ONCE


async def test_an_exam_that_results_cannot_know_is_never_denied(
    faults: Faults, group: Class
) -> None:
    for link in ("exams>results", "results>exams", "results>nats"):
        faults.cut(link)

    exam = await group.new_exam()
    refused = await group.send(group.students[0], exam, "k")
    await asyncio.to_thread(faults.heal)
    accepted = await group.persist(group.students[0], exam, "k")

    assert isinstance(refused, Answered)
    assert (refused.status, accepted.status) == (503, 200)
    assert "retry-after" in refused.headers


async def test_an_exam_that_was_hidden_is_not_handed_in_while_results_cannot_ask(
    faults: Faults, group: Class
) -> None:
    exam = await group.new_exam()
    faults.cut("results>exams")

    await group.teacher.post(f"/exams/{exam['id']}/unpublish/")
    refused = await group.send(group.students[0], exam, "k")

    assert isinstance(refused, Answered)
    assert refused.status == 503  # it may be published again, which only exams knows


@pytest.mark.parametrize("service", ["results", "exams"])
async def test_a_service_without_the_broker_lags_alone(
    suite: Suite, faults: Faults, group: Class, service: str
) -> None:
    owner = await suite.owner()
    faults.cut(f"{service}>nats")

    assert await publish_and_hand_in(group) == [200] * AT_ONCE
    newcomer = await suite.sign_up("employee")

    async def is_known_to_worklogs() -> bool:
        return bool(await owner.get(f"/work-logs/?employee={newcomer.id}"))

    await eventually(is_known_to_worklogs, seconds=LAG_SECONDS)
    uncounted = await group.counts()
    faults.let_go()
    await group.hand_in(at_once=2)

    assert uncounted == [0] * AT_ONCE
    await group.counted(seconds=LAG_SECONDS * 2)


async def test_events_whose_acks_are_lost_are_counted_once(faults: Faults, group: Class) -> None:
    line = faults.line("results>nats")
    for _ in range(AT_ONCE):
        lost = line.dropped + 1
        faults.drop_response("results>nats")
        await group.new_exam()
        await group.hand_in(at_once=2)
        await eventually(
            lambda: asyncio.sleep(0, line.dropped), until=lost.__eq__, seconds=LAG_SECONDS
        )

    await group.counted(seconds=LAG_SECONDS * 2)
    assert not await group.violations()


async def test_a_service_that_starts_without_auth_checks_tokens_by_the_keys_it_kept(
    faults: Faults, group: Class
) -> None:
    exam = await group.new_exam()
    faults.cut("results>auth")
    faults.kill("results")

    accepted = await group.persist(group.students[0], exam, "k")

    assert accepted.status == 200


async def test_a_message_whose_answer_is_lost_reaches_its_chat_once(
    suite: Suite, faults: Faults, telegram: FakeTelegram, group: Class
) -> None:
    chat = 2_000_000 + group.teacher.id
    student = await suite.sign_up("student", telegram_id=chat)

    async def logs(message: dict[str, Any]) -> list[tuple[str, str]]:
        found = await group.teacher.get(f"/messages/{message['id']}/")
        return [(log["status"], log["error"]) for log in found["logs"]]

    faults.drop_response("messaging>telegram", 100)
    body = {"text": "Salom", "recipient_ids": [student.id]}
    message = await group.teacher.post("/messages/", body)
    told = await eventually(
        lambda: logs(message), until=lambda found: found[0][0] not in {"pending", "sending"}
    )

    assert told == [("failed", "Yetkazilgani noma'lum")]
    assert telegram.delivered[chat] == ["Salom"]
