"""What auth does by itself: the first owner, clearing up, new signing keys."""

import asyncio
from datetime import datetime
from typing import Final

import structlog
from fastapi import FastAPI

from auth.deps import Parts
from auth.domain.passwords import weaknesses_of
from auth.domain.users import OWNER, flaw_of
from auth.errors import UsernameTaken
from auth.passwords import Passwords
from auth.service import sessions, sign_ins, users
from auth.settings import Settings
from shared.clock import utcnow
from shared.db.engine import Database
from shared.errors import Unavailable

log = structlog.get_logger()

EVERY_SECONDS: Final = 60.0
BATCH: Final = 500


async def ensure_owner(
    database: Database, passwords: Passwords, settings: Settings, now: datetime
) -> bool:
    """Create the owner named in the settings when there is none; return whether it was done."""
    username = settings.owner_username
    password = settings.owner_password.get_secret_value()
    if not (username and password):
        return False
    async with database.reading() as view:
        if await users.has_owner(view):
            return False
    if flaw_of(username) or weaknesses_of(password, username=username):
        # Refusing to start would leave nobody to set a better one.
        log.warning("the first owner's name or password is weak: change it")
    new = users.NewUser(
        username=username,
        password_hash=await passwords.hash(password),
        role=OWNER,
        full_name=username,
    )
    try:
        async with database.transaction() as tx:
            created = await users.ensure_owner(tx, new, now=now)
    except UsernameTaken:  # another process was faster by a hair
        return False
    log.info("the first owner was created", username=username)
    return created


async def keep_tidy(app: FastAPI) -> None:
    """Clear up and look after the keys, for ever."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await tidy(app.state.hpa.database, app.state.auth, utcnow())
        except Unavailable:
            log.info("clearing up waits for the database")


async def tidy(database: Database, auth: Parts, now: datetime) -> None:
    """Drop what has expired, in small steps, and replace a key that has signed for long enough."""
    async with database.transaction() as tx:
        await sign_ins.purge_sign_ins(tx, now=now)
    gone = BATCH
    while gone == BATCH:
        async with database.transaction() as tx:
            gone = await sessions.purge_sessions(tx, now=now, limit=BATCH)
    if auth.keys.rotate_when_due(now):
        log.info("a new signing key was published")
