"""What runs beside the requests: the replica of results is compared, old misses are dropped."""

import asyncio
from typing import Any, Final

from fastapi import FastAPI

from exams.domain import MISS_WINDOW
from exams.service import exams, participants
from shared.clock import utcnow
from shared.contracts.results import ResultChangedV1
from shared.db.engine import Database
from shared.replicas import keep_equal
from shared.runtime import Runtime

DROP_EVERY_SECONDS: Final = 600.0


async def keep_results_equal(app: FastAPI) -> None:
    """Compare with results from time to time and fetch what differs: rebuilds a lost replica."""
    runtime: Runtime = app.state.hpa
    client = runtime.clients.get("results")
    if client is None:
        return

    async def local() -> tuple[int, int]:
        async with runtime.database.reading() as view:
            return await participants.digest_of_results(view)

    async def keep(items: list[Any]) -> int:
        return await keep_page(runtime.database, items)

    await keep_equal("results", client, "/internal/results/", local=local, keep=keep)


async def keep_page(database: Database, items: list[Any]) -> int:
    """Store a page of results; return the id of the last one."""
    results = [ResultChangedV1.model_validate(item) for item in items]
    async with database.transaction() as tx:
        await participants.keep_results(tx, results)
    return results[-1].result_id


async def drop_old_misses(app: FastAPI) -> None:
    """Forget wrong codes that no longer count."""
    runtime: Runtime = app.state.hpa
    while True:
        async with runtime.database.transaction() as tx:
            await exams.forget_misses(tx, utcnow() - MISS_WINDOW)
        await asyncio.sleep(DROP_EVERY_SECONDS)
