"""`/health/` tells whether to send traffic here, `/ready/` whether everything behind it works."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

import structlog
from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from shared.clock import utcnow
from shared.errors import Unavailable
from shared.events import outbox
from shared.http.deps import App
from shared.http.replies import reply
from shared.runtime import Runtime

log = structlog.get_logger()

CHECK_SECONDS: Final = 1.0
STALE_OUTBOX: Final = timedelta(seconds=60)
GOOD: Final = ("ok", "off")

router = APIRouter()


@router.get("/health/")
async def health(app: App) -> Response:
    """Answer 503 while draining, so that the gateway looks elsewhere in time."""
    if app.draining:
        return reply({"status": "draining"}, 503, {"Retry-After": "1"})
    return reply({"status": "ok"})


@router.get("/ready/")
async def ready(app: App) -> Response:
    """
    Check the database, JetStream, the age of the outbox, the keys; count the dead letters.

    A database that can be read but not written is named for the reason, `disk_full` or the like.
    """
    names = ("database", "jetstream", "outbox", "keys", "dead_letters")
    found = await asyncio.gather(
        _checked(_database(app)),
        _checked(_jetstream(app)),
        _checked(_outbox(app)),
        _checked(_keys(app)),
        _checked(_dead_letters(app)),
    )
    checks = dict(zip(names, found, strict=True))
    # Parked messages are for people to look at; they are no reason to turn traffic away.
    bad = {name: checks[name] for name in names[:-1] if checks[name] not in GOOD}
    is_ready = not app.draining and not bad
    if bad:
        log.warning("not ready", **bad)
    body = {"status": "ok" if is_ready else "unavailable", "checks": checks}
    return reply(body, 200 if is_ready else 503)


async def _checked(check: Awaitable[str | int]) -> str | int:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check
    except TimeoutError:
        return "timeout"
    except Unavailable as refused:
        return refused.reason or "down"
    except (SQLAlchemyError, OSError) as error:
        log.warning("not ready", error=type(error).__name__)
        return "down"


async def _database(app: Runtime) -> str:
    await app.database.ping()
    return await app.writes.state()


async def _jetstream(app: Runtime) -> str:
    answers = await app.events.jetstream_ok()
    if answers is None:
        return "off"
    return "ok" if answers else "down"


async def _outbox(app: Runtime) -> str:
    if app.events.relay is None:
        return "off"
    async with app.database.reading() as view:
        oldest = await outbox.oldest_waiting(view)
    return "stale" if oldest is not None and utcnow() - oldest > STALE_OUTBOX else "ok"


async def _keys(app: Runtime) -> str:
    if not app.settings.jwks_url:
        return "off"  # they are its own, or read from a file when the first token comes
    return "ok" if app.verifier.keys.is_known else "missing"


async def _dead_letters(app: Runtime) -> int:
    async with app.database.reading() as view:
        return await outbox.dead_letters(view)
