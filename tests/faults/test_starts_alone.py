"""Every service also starts while any other part is down."""

import httpx2
import pytest

from shared.testing.waiting import eventually
from tests.e2e.running import CLOSED_PATHS, SERVICES
from tests.e2e.suite import Suite
from tests.faults.faults import Faults
from tests.faults.test_one_down import DOWN, L, W, breaches, open_academy

START_SECONDS = 20
UP = dict(zip(SERVICES, CLOSED_PATHS, strict=True))


@pytest.mark.parametrize("part", DOWN)
async def test_all_others_start_while_one_part_is_down(
    suite: Suite, faults: Faults, part: str
) -> None:
    academy = await open_academy(suite, exams=2)
    others = [service for service in SERVICES if service != part]

    async def silent() -> list[str]:
        answers = [await suite.nobody.ask("GET", UP[service]) for service in others]
        return [each.text for each in answers if each.status_code != httpx2.codes.UNAUTHORIZED]

    with faults.down(part, "keep_down"):
        for service in others:
            faults.kill(service)
        await eventually(silent, until=lambda found: not found, seconds=START_SECONDS)
        broken = await breaches(academy, DOWN[part], only={W, L})

    assert broken == []
