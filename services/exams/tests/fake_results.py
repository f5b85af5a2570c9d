"""A results service that really listens: it keeps what is pushed, and may be slow or broken."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.security.tokens import ServiceTokens
from shared.testing import processes
from shared.testing.waiting import eventually

SECRET = "r" * 40


class FakeResults:
    """What the server was told, and how it behaves."""

    def __init__(self) -> None:
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.pushed: list[dict[str, Any]] = []
        self.callers: list[str] = []
        self.results: list[dict[str, Any]] = []
        self.status = 204
        self.hangs = asyncio.Event()
        self.asked = 0

    async def keep(self, request: Request) -> Response:
        self._authorize(request)
        state = json.loads(await request.body())
        assert request.url.path == f"/internal/exams/{state['exam_id']}/"
        self.pushed.append(state)
        if self.hangs.is_set():
            await asyncio.sleep(30)
        return Response(status_code=self.status)

    async def digest(self, request: Request) -> Response:
        self._authorize(request)
        self.asked += 1
        versions = sum(each["version"] for each in self.results)
        return JSONResponse({"count": len(self.results), "versions": versions})

    async def page(self, request: Request) -> Response:
        self._authorize(request)
        after = int(request.query_params["after"])
        return JSONResponse([each for each in self.results if each["result_id"] > after][:3])

    def _authorize(self, request: Request) -> None:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.callers.append(ServiceTokens.verify(SECRET, token, audience="results"))

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/internal/exams/{id}/", self.keep, methods=["PUT"]),
                Route("/internal/results/digest/", self.digest),
                Route("/internal/results/", self.page),
            ]
        )


@asynccontextmanager
async def listening(results: FakeResults) -> AsyncIterator[FakeResults]:
    """Let *results* listen until the block ends."""
    config = uvicorn.Config(
        results.app(), port=results.port, log_config=None, lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    await eventually(lambda: asyncio.sleep(0, server.started))
    try:
        yield results
    finally:
        server.should_exit = server.force_exit = True
        await task
