"""
One replica of the service whose clock stands where the test put it.

Run as `replica.py <settings as JSON> <moment> [dies]`; one that dies does so by SIGKILL when it has
made the day's rows and is about to commit them.
"""

import asyncio
import json
import os
import signal
import sys
from typing import Any

import time_machine

from worklogs.main import create_app
from worklogs.repository import employment
from worklogs.settings import Settings


async def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def run(settings: str) -> None:
    app = create_app(Settings(**json.loads(settings)))
    async with app.router.lifespan_context(app):
        await asyncio.Event().wait()


if __name__ == "__main__":
    _, values, moment, *fate = sys.argv
    if fate == ["dies"]:
        employment.set_opened_through = die
    with time_machine.travel(moment, tick=True):
        asyncio.run(run(values))
