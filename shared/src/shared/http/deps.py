"""
What routes ask for: the caller, ids, a transaction, the time.

The order in a route's signature is the order of the checks: caller, ids, body, and `Tx` last, so
that nobody holds the write lock while a bad body is refused. (A body whose 404 comes first is
taken with `RawJson`, after which `Tx` may come before `parse`.)
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final, cast

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from shared.clock import utcnow
from shared.db.glance import Glance
from shared.errors import Forbidden, NotFound
from shared.http.fields import MAX_ID
from shared.runtime import Runtime
from shared.security.principal import ROLES, Principal

PRINCIPAL_KEY: Final = "hpa.principal"


def runtime_of(request: Request) -> Runtime:
    """Return what `build_app` built."""
    return cast("Runtime", request.scope["app"].state.hpa)


async def _runtime(request: Request) -> Runtime:
    return runtime_of(request)


async def _transaction(request: Request) -> AsyncIterator[AsyncSession]:
    async with runtime_of(request).database.transaction() as tx:
        yield tx


async def _reading(request: Request) -> AsyncIterator[AsyncSession]:
    async with runtime_of(request).database.reading() as tx:
        yield tx


async def _glance(request: Request) -> Glance:
    return runtime_of(request).database.glance


async def _now() -> datetime:
    return utcnow()


# scope="function": the default scope commits after the answer was sent, and a commit that fails
# would then have been answered with 200.
Tx = Annotated[AsyncSession, Depends(_transaction, scope="function")]
"""A write transaction: commits when the route has returned, before the answer leaves."""

Read = Annotated[AsyncSession, Depends(_reading, scope="function")]
"""A read-only view on connections of its own."""

Look = Annotated[Glance, Depends(_glance)]
"""For a route that reads by one prepared statement; it costs a fifth of `Read`."""

Now = Annotated[datetime, Depends(_now)]
App = Annotated[Runtime, Depends(_runtime)]


async def authenticate(request: Request) -> Principal:
    """Return who calls. Raises what `Authenticator.principal` raises."""
    scope = request.scope
    principal: Principal | None = scope.get(PRINCIPAL_KEY)
    if principal is None:
        principal = await runtime_of(request).authenticator.principal(scope["headers"])
        scope[PRINCIPAL_KEY] = principal
    return principal


class RoleGuard:
    """Lets the roles it names pass, 403 for the others."""

    def __init__(self, *roles: str) -> None:
        """Remember *roles*; the OpenAPI document shows them as `x-roles`."""
        unknown = set(roles) - set(ROLES)
        if unknown or not roles:
            message = f"unknown roles: {unknown or 'none given'}"
            raise ValueError(message)
        self.roles = frozenset(roles)

    async def __call__(self, request: Request) -> Principal:
        """Return the caller. Raises `Forbidden` and what `authenticate` raises."""
        principal = await authenticate(request)
        if principal.role not in self.roles:
            raise Forbidden
        return principal


Caller = Annotated[Principal, Depends(authenticate)]
"""Anybody with a valid token."""


def require_role(*roles: str) -> RoleGuard:
    """Name a guard, as in `Annotated[Principal, Depends(require_role("employee", "owner"))]`."""
    return RoleGuard(*roles)


class PathId:
    """Reads one id from the path; what is no id is absent."""

    def __init__(self, name: str, absent: type[NotFound]) -> None:
        """Read the part *name*; raise *absent* when it is no id."""
        self.name = name
        self.absent = absent

    async def __call__(self, request: Request) -> int:
        """Return the id, 1 to 2^63-1."""
        text = request.scope["path_params"][self.name]
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(MAX_ID))):
            raise self.absent
        number = int(text)
        if not 1 <= number <= MAX_ID:
            raise self.absent
        return number


def path_id(name: str, absent: type[NotFound]) -> Any:  # noqa: ANN401 - what FastAPI's markers return
    """Read the id *name* of the path, e.g. in `ExamId = Annotated[int, …]`."""
    return Depends(PathId(name, absent))
