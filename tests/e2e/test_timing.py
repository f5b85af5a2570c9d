"""How long a refusal takes tells nothing about what is there; measured, so not in `make test`."""

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from itertools import combinations
from uuid import uuid4

import httpx2
import pytest

from tests.e2e.local import PROCESSES
from tests.e2e.running import PASSWORD
from tests.e2e.suite import NOBODY, Suite
from tests.e2e.world import World

TRIES = 120
CLOSE = 0.15
"""So far from an even chance: four times what chance makes of 120 tries of either kind."""
Ask = Callable[[], Awaitable[httpx2.Response]]


async def seconds(kinds: Mapping[str, list[Ask]]) -> dict[str, list[float]]:
    """Ask everything in one shuffled order, so that what slows the machine slows all kinds."""
    asked = [(kind, ask) for kind, asks in kinds.items() for ask in asks]
    random.Random(7).shuffle(asked)  # noqa: S311 - the same order each time
    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    statuses = set()
    for kind, ask in asked:
        started = time.perf_counter()
        answer = await ask()
        taken[kind].append(time.perf_counter() - started)
        statuses.add(answer.status_code)
    assert len(statuses) == 1, statuses
    return taken


def slower(one: list[float], other: list[float]) -> float:
    """Return how likely a try of *one* takes longer than one of *other*; 0.5 tells nothing."""
    wins = sum((a > b) + (a == b) / 2 for a in one for b in other)
    return wins / (len(one) * len(other))


def telling(taken: dict[str, list[float]]) -> dict[tuple[str, str], float]:
    """Return the pairs of kinds that time tells apart."""
    pairs = {pair: slower(taken[pair[0]], taken[pair[1]]) for pair in combinations(taken, 2)}
    return {pair: chance for pair, chance in pairs.items() if abs(chance - 0.5) > CLOSE}


@pytest.mark.chaos
@PROCESSES
class TestTime:
    async def test_tells_no_known_user_from_an_unknown_or_a_closed_one(self, suite: Suite) -> None:
        owner = await suite.owner()
        people = await suite.sign_up_many("student", TRIES // 2)  # too few wrong tries to throttle
        known, closed = people[::2], people[1::2]
        for person in closed:
            await owner.delete(f"/users/{person.id}/")

        def logins(names: list[str]) -> list[Ask]:
            bodies = [{"username": name, "password": f"x{PASSWORD}"} for name in names * 4]
            return [partial(suite.nobody.ask, "POST", "/login/", body) for body in bodies]

        taken = await seconds(
            {
                "known": logins([person.user["username"] for person in known]),
                "closed": logins([person.user["username"] for person in closed]),
                "unknown": logins([f"student-{uuid4().hex[:12]}" for _ in known]),
            }
        )

        assert telling(taken) == {}

    @pytest.mark.parametrize(
        ("path", "of"),
        [
            ("/exams/{}/", "draft"),
            ("/exam-results/{}/", "foreign_result"),
            ("/exam-results/{}/answers/", "foreign_result"),
            ("/attendance/{}/", "foreign_attendance"),
            ("/scores/{}/", "foreign_score"),
        ],
    )
    async def test_tells_no_foreign_object_from_an_absent_one(
        self, world: World, path: str, of: str
    ) -> None:
        student = world.people["student"]
        (foreign,) = await world.ids(of, 1, fresh=False)

        def reads(one: int) -> list[Ask]:
            return [partial(student.ask, "GET", path.format(one))] * TRIES

        assert telling(await seconds({"foreign": reads(foreign), "absent": reads(NOBODY)})) == {}


def test_a_difference_is_told() -> None:
    quick = [1.0 + place / 100 for place in range(TRIES)]

    assert telling({"a": quick, "b": quick}) == {}
    assert telling({"a": quick, "b": [one + 0.4 for one in quick]}) != {}
