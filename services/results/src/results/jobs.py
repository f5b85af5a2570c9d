"""Loops of the application's life."""

from typing import Any, cast

from fastapi import FastAPI

from results.intake import Intake
from results.service import exams as service
from shared.replicas import keep_equal
from shared.runtime import Runtime


async def serve_intake(app: FastAPI) -> None:
    """Store hand-ins."""
    await cast("Intake", app.state.intake).run()


async def keep_exams(app: FastAPI) -> None:
    """Compare the replica of exams with exams itself; a lost one is pulled anew."""
    runtime = cast("Runtime", app.state.hpa)
    client = runtime.clients.get("exams")
    if client is None:
        return

    async def digest() -> tuple[int, int]:
        async with runtime.database.reading() as view:
            return await service.digest(view)

    async def keep(items: list[Any]) -> int:
        for item in items:
            async with runtime.database.transaction() as tx:
                await service.keep_exam(tx, item)
        return int(items[-1]["exam_id"])

    await keep_equal("exams", client, "/internal/exams/", local=digest, keep=keep)
