"""Building a service's application: everything each of the five has in common."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import structlog
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from shared.db.durable import require_durable
from shared.db.engine import Database
from shared.events.consumers import Consumers
from shared.events.runtime import EventRuntime
from shared.http import health, metrics
from shared.http.client import InternalClient
from shared.http.errors import HANDLERS
from shared.http.language import Phrasebook, Texts
from shared.http.load import Limits
from shared.http.middleware import Edge
from shared.http.openapi import document
from shared.http.routing import Dispatcher
from shared.http.texts import TEXTS as SHARED_TEXTS
from shared.http.traced import Traced
from shared.runtime import Runtime
from shared.security.authenticator import Authenticator, UserState
from shared.security.keys import HttpKeys, KeyDocument, KeySet, LocalKeys
from shared.security.tokens import TokenVerifier
from shared.settings import ServiceSettings
from shared.telemetry import tracing
from shared.users import Users, users_consumer

log = structlog.get_logger()

Background = Callable[[FastAPI], Coroutine[Any, Any, None]]
OTHERS: Final = ("auth", "exams", "results")
LOCAL_KEYS_SECONDS: Final = 5.0
RESTART_SECONDS: Final = 1.0


class Service(FastAPI):
    """FastAPI with our own edge, dispatch and document."""

    limits: Limits
    phrases: Phrasebook
    public: Sequence[APIRouter]

    @override
    def build_middleware_stack(self) -> ASGIApp:
        runtime: Runtime = self.state.hpa
        dispatcher = Dispatcher(self.router, self.exception_handlers)
        app: ASGIApp = Edge(dispatcher, runtime=runtime, limits=self.limits, phrases=self.phrases)
        if tracing.is_on():
            app = Traced(app)
        origins = [one.strip() for one in runtime.settings.cors_origins.split(",") if one.strip()]
        if not origins:
            return app
        return CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id"],
            expose_headers=EXPOSED,
        )

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # FastAPI would look for a configured OpenTelemetry at each request; nobody configures it.
        if self.middleware_stack is None:
            self.middleware_stack = self.build_middleware_stack()
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)

    @override
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = document(self, self.state.hpa.name, self.public)
        return self.openapi_schema


EXPOSED: Final = [
    "X-Total-Count", "Link", "Location", "Retry-After", "X-Request-Id", "Idempotency-Replayed",
]  # fmt: skip


def build_app(  # noqa: PLR0913 - the one place where a service says what it consists of
    *,
    name: str,
    title: str,
    description: str,
    settings: ServiceSettings,
    routers: Sequence[APIRouter],
    internal_routers: Sequence[APIRouter] = (),
    consumers: Consumers | None = None,
    users: bool = False,
    background: Sequence[Background] = (),
    user_state: UserState | None = None,
    jwks: Callable[[], KeyDocument] | None = None,
    deadlines: Mapping[str, float] | None = None,
    texts: Texts = MappingProxyType({}),
) -> FastAPI:
    """
    Build the application of service *name*.

    *users*: keep the replica of users, refuse deactivated callers and see changed roles.
    *user_state* and *jwks* are for auth, which knows both by itself. *background*: run for the
    application's life, started again when they fail. *deadlines*: seconds for single paths
    instead of `request_seconds`. *texts*: what the service refuses, in other languages.
    """
    if users and consumers is not None:
        users_consumer(consumers)
    runtime = _runtime(name, settings, consumers, jwks)
    if users:
        runtime.users = Users(runtime.database, runtime.clients.get("auth"))
    runtime.authenticator.state = user_state or (runtime.users.state if runtime.users else None)
    loops: list[Background] = [*background]
    if jwks is not None or settings.jwks_url:
        loops.append(_keep_keys)
    if runtime.users is not None:
        loops.append(_keep_users)
    app = Service(
        title=title,
        description=description,
        version="1.0.0",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        lifespan=lambda app: _lifespan(app, loops),
        exception_handlers=HANDLERS,
    )
    app.state.hpa = runtime
    app.state.users = runtime.users
    app.limits = Limits(seconds=settings.request_seconds, seconds_by_path=deadlines or {})
    app.phrases = Phrasebook(SHARED_TEXTS, texts)
    app.public = routers
    # Appended flat: routers that FastAPI includes are matched twice per request.
    for router in (*routers, *internal_routers, health.router, metrics.router):
        app.router.routes.extend(router.routes)
    return app


def _runtime(
    name: str,
    settings: ServiceSettings,
    consumers: Consumers | None,
    jwks: Callable[[], KeyDocument] | None,
) -> Runtime:
    database = Database(settings.database_url)
    if jwks is None:
        keys = KeySet(HttpKeys(settings.jwks_url), cache=settings.jwks_cache)
    else:
        keys = KeySet(LocalKeys(jwks), ttl=LOCAL_KEYS_SECONDS)
    verifier = TokenVerifier(keys, issuer=settings.token_issuer, audience=settings.token_audience)
    return Runtime(
        name=name,
        settings=settings,
        database=database,
        events=EventRuntime(name, database, settings.nats_url, consumers),
        verifier=verifier,
        authenticator=Authenticator(verifier),
        clients=dict(_clients(name, settings)),
    )


def _clients(name: str, settings: ServiceSettings) -> Iterator[tuple[str, InternalClient]]:
    for other in OTHERS:
        url: str = getattr(settings, f"{other}_url")
        secret: SecretStr = getattr(settings, f"{other}_secret")
        if url and other != name:
            yield other, InternalClient(other, url, secret.get_secret_value(), caller=name)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI, loops: Sequence[Background]) -> AsyncIterator[None]:
    runtime: Runtime = app.state.hpa
    if runtime.settings.environment == "production":
        await require_durable(runtime.database)
    runtime.events.start(runtime)
    tasks = [asyncio.create_task(_again_and_again(loop, app)) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await runtime.events.stop()
        if runtime.users is not None:
            await runtime.users.states.settle()
        for client in runtime.clients.values():
            await client.close()
        await runtime.verifier.keys.close()
        await runtime.writes.close()
        await runtime.database.close()


async def _again_and_again(loop: Background, app: FastAPI) -> None:
    while True:
        try:
            await loop(app)
        except Exception:
            log.exception("a background task failed and starts again", task=loop.__name__)
            await asyncio.sleep(RESTART_SECONDS)
        else:
            return


async def _keep_keys(app: FastAPI) -> None:
    await app.state.hpa.verifier.keys.keep_fresh()


async def _keep_users(app: FastAPI) -> None:
    await app.state.hpa.users.run()
