"""`/health/` tells whether to send traffic here, `/ready/` whether everything behind it works."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from shared.clock import utcnow
from shared.events import inbox, outbox
from shared.http.deps import App
from shared.http.replies import reply
from shared.runtime import Runtime

CHECK_SECONDS: Final = 1.0
STALE_OUTBOX_SECONDS: Final = 60.0

router = APIRouter()


@router.get("/health/")
async def health(app: App) -> Response:
    """Answer 503 while draining, so that the gateway looks elsewhere in time."""
    if app.draining:
        return reply({"status": "draining"}, 503, {"Retry-After": "1"})
    return reply({"status": "ok"})


@router.get("/ready/")
async def ready(app: App) -> Response:
    """Check the database, JetStream, the outbox and the dead letters."""
    checks = dict(
        zip(
            ("database", "jetstream", "outbox", "dead_letters"),
            await asyncio.gather(
                _checked(_database, app), _checked(_jetstream, app), _checked(_outbox, app),
                _checked(_dead_letters, app),
            ),
            strict=True,
        )
    )  # fmt: skip
    is_ready = not app.draining and all(found in GOOD or isinstance(found, int) for found in checks.values())
    body = {"status": "ok" if is_ready else "unavailable", "checks": checks}
    return reply(body, 200 if is_ready else 503)
