"""Kill anything at any time (K1) and lose any answer (K3): what was accepted is there, once."""

import asyncio
import os
import random
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx2
import pytest

from tests.e2e.running import SERVICES
from tests.e2e.suite import PREFIX, Suite, answers_to
from tests.faults.checker import Attempt, violations
from tests.faults.faults import Faults
from tests.faults.hand_in import open_class, send

VICTIMS = (*SERVICES, "results", "results", "nats", "gateway")
"""Results three times: it is where the students are."""

ROUNDS = [pytest.param(3, id="short"), pytest.param(60, id="long", marks=pytest.mark.chaos)]
LOST = [pytest.param(40, id="short"), pytest.param(500, id="long", marks=pytest.mark.chaos)]
KILLS = 6
HEALTHY_SECONDS = 20


def dice() -> random.Random:
    """Return the dice of this run, of which the seed is told so that it can be thrown again."""
    seed = int(os.environ.get("HPA_CHAOS_SEED") or secrets.randbelow(2**32))
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    return random.Random(seed)  # noqa: S311 - it must be repeatable, not secret


@contextmanager
def killing(faults: Faults, chance: random.Random) -> Iterator[list[str]]:
    """Kill some random parts with -9 while the block runs; the list tells which, in their order."""
    over = threading.Event()
    killed: list[str] = []

    def work() -> None:
        while len(killed) < KILLS and not over.is_set():
            killed.append(chance.choice(VICTIMS))
            faults.kill(killed[-1])
            over.wait(chance.uniform(0.05, 0.8))

    killer = threading.Thread(target=work)
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()


@pytest.mark.parametrize("rounds", ROUNDS)
async def test_nothing_accepted_is_lost_whatever_is_killed(
    suite: Suite, faults: Faults, rounds: int
) -> None:
    chance = dice()
    for _ in range(rounds):
        group = await open_class(suite, students=4, exams=8)
        with killing(faults, chance) as killed:
            await group.hand_in(at_once=3)

        took = faults.heal()
        assert not violations(group.attempts, await group.stored()), killed
        await group.counted(seconds=30)
        assert took <= HEALTHY_SECONDS, killed
    assert not await asyncio.to_thread(suite.running.broken_promises)


async def send_and_hang_up(suite: Suite, token: str, exam: int, body: bytes, key: str) -> None:
    """Send a submit and close the line without reading what is answered."""
    host, _, port = suite.running.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST {PREFIX}/exams/{exam}/submit/ HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("rounds", LOST)
async def test_a_retry_after_a_lost_answer_gives_the_same_result(suite: Suite, rounds: int) -> None:
    group = await open_class(suite, students=4, exams=rounds // 4)
    for exam in group.exams:
        body = httpx2.Request("POST", suite.running.url, json=answers_to(exam)).content
        for student in group.students:
            key = uuid4().hex
            attempt = Attempt(student.id, exam["id"], score=100.0, questions=2)
            await send_and_hang_up(suite, str(student.token), exam["id"], body, key)
            while not attempt.accepted and len(attempt.answers) < 100:
                attempt.answers.append(await send(student, exam, key))
            attempt.answers.append(await send(student, exam, key))
            group.attempts.append(attempt)

    assert [len({each["id"] for each in one.accepted}) for one in group.attempts] == [1] * rounds
    assert not violations(group.attempts, await group.stored())
