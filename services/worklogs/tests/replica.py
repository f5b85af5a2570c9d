"""
Replicas of the service whose clocks stand where the test put them.

Run as `replica.py <settings as JSON> <moment>…`: one process per moment. With `dies` at the end
they die by SIGKILL when they have made the day's rows and are about to commit them.
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


async def serve(settings: str) -> None:
    app = create_app(Settings(**json.loads(settings)))
    async with app.router.lifespan_context(app):
        await asyncio.Event().wait()


if __name__ == "__main__":
    _, values, *moments = sys.argv
    if moments[-1] == "dies":
        moments.pop()
        setattr(employment, "set_opened_through", die)  # noqa: B010 - of another type, as it dies
    for moment in moments:  # forked, because to import everything costs a second each
        if os.fork() == 0:
            with time_machine.travel(moment, tick=True):
                asyncio.run(serve(values))
    for _ in moments:
        os.wait()
