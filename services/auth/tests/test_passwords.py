"""The pool of threads that hashes."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import argon2
import pytest
from argon2.low_level import Type

from auth.passwords import Cost, Passwords
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


class TestPlace:
    def test_is_refused_when_the_line_is_longer_than_the_wait_allowed(
        self, pool: Passwords
    ) -> None:
        pool._seconds = 0.05  # two threads: 40 a second, so 0.1 s are four places

        with ExitStack() as line:
            for _ in range(5):
                line.enter_context(pool.place())
            refusal = line.enter_context(pytest.raises(Unavailable))
            line.enter_context(pool.place())
        assert 1 <= refusal.value.retry_after <= 2

    def test_is_free_again_afterwards(self, pool: Passwords) -> None:
        pool._seconds = 1.0
        with pool.place(), pytest.raises(Unavailable), pool.place():
            pass

        with pool.place():
            pass

    def test_spreads_those_whom_it_refuses_over_the_time_it_needs_for_them(
        self, pool: Passwords
    ) -> None:
        pool._seconds = 0.2
        waits = set()

        with pool.place(), pool.place():
            for _ in range(60):
                with pytest.raises(Unavailable) as refusal, pool.place():
                    pass
                waits.add(refusal.value.retry_after)

        assert len(waits) > 2
        assert max(waits) <= 1 + 10
