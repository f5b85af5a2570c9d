"""Kill anything at any time (K1): what was accepted is there, once."""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.fixtures import KINDS
from tests.e2e.running import SERVICES, Running
from tests.e2e.suite import Suite
from tests.faults.dice import dice
from tests.faults.faults import Faults, is_link
from tests.faults.hand_in import open_class
from tests.faults.history import History

VICTIMS = (*SERVICES, "results", "results", "nats", "gateway", "postgres")
"""Results three times: it is where the students are."""
VERBS = ("kill", "kill", "stop", "cut", "slow", "drop_response")
"""What is done to a victim; what is stopped, cut off or slow goes on before the next blow."""
SHORT = (3, 6)
"""Rounds, and the seed."""
LONG = (60, None)
BLOWS = 6
HEALTHY_SECONDS = 20


@contextmanager
def beating(faults: Faults, chance: random.Random) -> Iterator[None]:
    """Do something to some random parts while the block runs."""
    over = threading.Event()
    victims = (*VICTIMS, *filter(is_link, faults.running.lines))
    blows = [(verb, each) for verb in VERBS for each in victims if faults.can(verb, each)]

    def work() -> None:
        for _ in range(BLOWS):
            verb, victim = chance.choice(blows)
            getattr(faults, verb)(victim)
            is_over = over.wait(chance.uniform(0.05, 0.8))
            faults.let_go()
            if is_over:
                return

    beater = threading.Thread(target=work)
    beater.start()
    try:
        yield
    finally:
        over.set()
        beater.join()


@pytest.mark.parametrize(
    ("running", "rounds", "seed"),
    [
        *(pytest.param(kind, *SHORT, id=f"{kind}-short") for kind in KINDS),
        *(
            pytest.param(kind, *LONG, id=f"{kind}-long", marks=pytest.mark.chaos)
            for kind in (*KINDS, "lines")
        ),
    ],
    indirect=["running"],
)
async def test_nothing_accepted_is_lost_whatever_is_done(
    running: Running, faults: Faults, history: History, rounds: int, seed: int | None
) -> None:
    chance = dice(seed)
    for _ in range(rounds):
        async with Suite(running, faults.line("gateway"), note=history.exchanged) as suite:
            group = await open_class(suite, history, students=4, exams=8)
            with beating(faults, chance):
                await group.hand_in(at_once=3)

            took = await asyncio.to_thread(faults.heal)
            assert not await group.violations()
            await group.counted(seconds=30)
        assert took <= HEALTHY_SECONDS
    assert not await asyncio.to_thread(running.broken_promises)
