"""Builds and runs the document service."""

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator

import httpx2
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import pages
from gateway.documents import Documents
from gateway.edge import Edge
from gateway.errors import ErrorPage, not_served, reply
from gateway.health import Health
from gateway.settings import Settings
from shared.logging import configure_logging
from shared.security.trust import TRUSTED
from shared.server import DrainingServer, configure
from shared.telemetry.metrics import CONTENT_TYPE, gauges, page


def create_app(settings: Settings) -> Starlette:
    """Return the application; it asks nobody before its lifespan begins."""
    # No proxy of the environment stands between the parts of the suite.
    client = httpx2.AsyncClient(verify=TRUSTED, trust_env=False, timeout=2.0)
    documents = Documents(settings.replicas, client)
    health = Health(settings.replicas, client)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        keeping = asyncio.create_task(documents.keep_fresh())
        yield
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await client.aclose()

    async def openapi(request: Request) -> Response:
        return documents.openapi.answer(request)

    async def asyncapi(request: Request) -> Response:
        return documents.asyncapi.answer(request)

    async def suite_health(_: Request) -> Response:
        services = await health.services()
        is_ok = all(state == "ok" for state in services.values())
        body = {"status": "ok" if is_ok else "error", "services": services}
        return reply(body, 200 if is_ok else 503, None if is_ok else {"Retry-After": "1"})

    async def own_health(request: Request) -> Response:
        if request.app.state.draining:
            return reply({"status": "draining"}, 503)
        return reply({"status": "ok"})

    async def metrics(_: Request) -> Response:
        states = (await health.services()).items()
        ready = [(name, state == "ok") for name, state in states]
        text = "Whether all replicas of a service are ready."
        found = gauges("hpa_service_ready", text, "service", ready)
        return Response(page([found]), media_type=CONTENT_TYPE)

    app = Starlette(
        routes=[
            Route("/errors/{status:int}", ErrorPage()),
            Route("/unavailable/{path:path}", ErrorPage()),
            Route("/api/v1/openapi.json", openapi),
            Route("/api/v1/asyncapi.json", asyncapi),
            Route("/api/v1/health/", suite_health),
            Route("/api/v1/health", suite_health),
            *pages.routes(),
            Route("/health/", own_health),
            Route("/ready/", own_health),
            Route("/metrics/", metrics),
            Route("/metrics", metrics),
        ],
        middleware=[Middleware(Edge)],
        exception_handlers={404: not_served, 405: not_served, 400: not_served},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.draining = False
    return app


def run(settings: Settings) -> None:
    """Serve until a signal comes, like the services do."""
    configure_logging("gateway", settings.log_level)
    app = create_app(settings)

    def drain() -> None:
        app.state.draining = True

    config = configure(app, settings.host, settings.port)
    server = DrainingServer(config, drain, settings.drain_seconds)
    gc.collect()
    gc.freeze()
    server.run()
    if not server.started:
        sys.exit(1)
