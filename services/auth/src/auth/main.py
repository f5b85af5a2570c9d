"""Building the auth service; the only place that makes its parts."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Final

from fastapi import FastAPI

from auth import internal, jobs
from auth.consumers import consumers
from auth.deps import Parts
from auth.domain.clients import Tagger
from auth.domain.throttle import InFlight
from auth.passwords import Cost, Passwords
from auth.routes import imports, keys, me, sessions, users
from auth.service.users import standing_of
from auth.settings import Settings
from auth.texts import TEXTS
from auth.tokens.issuer import Issuer
from auth.tokens.keys import KeyStore
from shared.app import build_app
from shared.clock import utcnow

SLOW: Final = ("/api/v1/login/", "/api/v1/me/password/")


def create_app(settings: Settings) -> FastAPI:
    """Build the application; its signing keys are made when there are none yet."""
    parts = make_parts(settings)
    parts.keys.open(utcnow())

    async def user_state(user_id: int) -> tuple[str, bool] | None:
        async with app.state.hpa.database.reading() as view:
            return await standing_of(view, user_id)

    app = build_app(
        name="auth",
        title="HPA auth",
        description="Users, passwords and tokens.",
        settings=settings,
        routers=[sessions.router, me.router, users.router, imports.router, keys.router],
        internal_routers=[internal.router],
        consumers=consumers,
        background=[jobs.keep_tidy],
        user_state=user_state,
        jwks=lambda: parts.keys.jwks(utcnow()),
        texts=TEXTS,
        # Waiting for a hash is no sign of overload; the line has a bound of its own.
        deadlines=dict.fromkeys(SLOW, settings.request_seconds) | {imports.PATH: imports.SECONDS},
    )
    app.state.auth = parts
    app.state.hpa.gauges.append(parts.passwords.line.gauges)
    app.router.lifespan_context = _with_owner(app, settings)
    return app


def make_parts(settings: Settings) -> Parts:
    """Build what auth has beside the common runtime."""
    store = make_keys(settings)
    return Parts(
        passwords=Passwords(
            Cost(memory_kib=settings.argon2_memory_kib, rounds=settings.argon2_rounds),
            threads=settings.argon2_threads or None,
            longest_wait=settings.login_wait_seconds,
        ),
        keys=store,
        issuer=Issuer(
            store,
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            access_life=settings.access_life,
        ),
        tagger=Tagger(settings.service_secret.get_secret_value().encode()),
        in_flight=InFlight(),
        refresh_life=settings.refresh_life,
    )


def make_keys(settings: Settings) -> KeyStore:
    """Build the key store of the settings' folder."""
    return KeyStore(
        settings.keys_dir,
        access_life=settings.access_life,
        refresh_life=settings.refresh_life,
        age=timedelta(days=settings.key_rotation_days),
    )


def _with_owner(
    app: FastAPI, settings: Settings
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await jobs.ensure_owner(
            app.state.hpa.database, app.state.auth.passwords, settings, utcnow()
        )
        async with inner(app):
            yield
        app.state.auth.passwords.close()

    return lifespan
