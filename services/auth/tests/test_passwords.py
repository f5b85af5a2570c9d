"""The pool of threads that hashes."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import argon2
import pytest
from argon2.low_level import Type

from auth.passwords import Cost, Line, Passwords
from services.auth.tests.conftest import CHEAP
from shared.errors import Unavailable


@pytest.fixture
def pool() -> Iterator[Passwords]:
    passwords = Passwords(CHEAP, threads=2, longest_wait=0.1)
    yield passwords
    passwords.close()


class TestPasswords:
    async def test_knows_a_password_again(self, pool: Passwords) -> None:
        encoded = await pool.hash("sirli-so'z")

        assert (await pool.verify(encoded, "sirli-so'z")).is_right
        assert not (await pool.verify(encoded, "sirli-so'Z")).is_right

    def test_costs_what_owasp_asks_for(self) -> None:
        pool = Passwords(Cost(), threads=1)
        pool.close()

        found = argon2.extract_parameters(pool.dummy)

        assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (
            Type.ID,
            19 * 1024,
            2,
            1,
        )

    async def test_compares_with_a_dummy_of_equal_cost_when_there_is_no_hash(
        self, pool: Passwords
    ) -> None:
        encoded = await pool.hash("sirli-so'z")

        assert not (await pool.verify(None, "sirli-so'z")).is_right
        assert argon2.extract_parameters(pool.dummy) == argon2.extract_parameters(encoded)

    async def test_says_when_a_hash_is_of_another_cost(self, pool: Passwords) -> None:
        old = argon2.PasswordHasher(time_cost=2, memory_cost=16, parallelism=1).hash("sirli-so'z")

        assert (await pool.verify(old, "sirli-so'z")).is_outdated
        assert not (await pool.verify(await pool.hash("a"), "a")).is_outdated

    async def test_takes_a_damaged_hash_for_a_wrong_password(self, pool: Passwords) -> None:
        assert not (await pool.verify("$argon2id$broken", "a")).is_right

    async def test_never_runs_more_at_once_than_it_has_threads(self, pool: Passwords) -> None:
        await asyncio.gather(*(pool.hash("a") for _ in range(50)))

        assert len(pool._pool._threads) <= 2


class Clock:
    """Time that goes on when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def line(clock: Clock) -> Line:
    """Two threads, forty hashes a second, and a second of waiting: forty places and one."""
    line = Line(2, 1.0, clock)
    line.turn = 1 / 40
    return line


class TestALine:
    def test_refuses_who_would_wait_too_long(self, line: Line) -> None:
        with ExitStack() as places:
            for _ in range(41):
                places.enter_context(line.place())
            with pytest.raises(Unavailable) as refusal, line.place():
                pass

        assert refusal.value.retry_after == 2

    def test_is_free_again_afterwards(self, line: Line) -> None:
        for _ in range(100):
            with line.place():
                pass

    def test_tells_each_of_the_refused_a_time_of_his_own(self, line: Line, clock: Clock) -> None:
        with ExitStack() as places:
            for _ in range(41):
                places.enter_context(line.place())
            waits = Counter(refused(line) for _ in range(200))
            clock.now += 2
            later = refused(line)

        assert all(count <= 80 for count in waits.values())  # twice what a second serves
        assert max(waits) == 4  # the line itself, and half of the five seconds for two hundred
        assert later == 2

    def test_sends_nobody_away_for_long(self, line: Line) -> None:
        line.turn = 1.0
        with ExitStack() as places:
            for _ in range(3):
                places.enter_context(line.place())

            waits = Counter(refused(line) for _ in range(1000))

        assert max(waits) == 10
        assert max(waits.values()) < 400  # nor do they all come again at once

    def test_gets_shorter_when_the_pace_drops(self, line: Line, clock: Clock) -> None:
        with ExitStack() as places:
            for _ in range(20):
                places.enter_context(line.place())
            for _ in range(60):
                clock.now += 0.1
                line.count_served()

            assert line.turn == pytest.approx(0.1, rel=0.01)
            assert refused(line)

    def test_takes_no_pause_for_a_slow_hash(self, line: Line, clock: Clock) -> None:
        for _ in range(10):
            with line.place():
                clock.now += 5
                line.count_served()

        assert line.turn == 1 / 40

    def test_finds_its_pace_again_after_a_standstill(self, line: Line, clock: Clock) -> None:
        line.turn = 1000.0
        with line.place(), line.place(), line.place():
            for _ in range(200):
                clock.now += 0.01
                line.count_served()

        assert line.turn < 0.02


def refused(line: Line) -> int:
    with pytest.raises(Unavailable) as refusal, line.place():
        pass
    return refusal.value.retry_after
