"""The faults themselves do what they say, at the worst moment too."""

import asyncio

from tests.faults.faults import Faults


async def test_what_was_just_killed_can_be_frozen_and_killed_again(faults: Faults) -> None:
    def hurt() -> None:
        for verb in ("stop", "keep_down"):
            faults.kill("results")
            getattr(faults, verb)("results")
            faults.let_go()
        faults.heal()

    await asyncio.to_thread(hurt)
