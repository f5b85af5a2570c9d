"""Calling a route's function without FastAPI's general machinery (ADR 13)."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

Handlers = Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]]


@dataclass(frozen=True, slots=True)
class _Step:
    """One dependency: who gives the value, and what the giver needs itself."""

    name: str | None
    give: Callable[..., Any]
    needs: "_Needs"
    is_context: bool


@dataclass(frozen=True, slots=True)
class _Needs:
    """The arguments of a function: the request, and values of dependencies in their order."""

    request: str | None
    steps: Sequence[_Step]

    @property
    def has_context(self) -> bool:
        return any(step.is_context or step.needs.has_context for step in self.steps)


class NotPlain(Exception):
    """The route takes something from FastAPI that only FastAPI can give."""


def direct(route: Route, handlers: Handlers) -> ASGIApp:
    """
    Return what answers *route*: its function, called directly where that means the same.

    It does for routes that return a `Response` and whose dependencies are coroutines of the
    request alone, which is nearly all. FastAPI describes them and answers the others.
    """
    if not isinstance(route, APIRoute):
        return route.app
    try:
        return _Direct(route, _needs(route.dependant), handlers)
    except NotPlain:
        return route.app


def _needs(dependant: Dependant) -> _Needs:
    foreign = (
        dependant.path_params
        or dependant.query_params
        or dependant.header_params
        or dependant.cookie_params
        or dependant.body_params
        or dependant.websocket_param_name
        or dependant.http_connection_param_name
        or dependant.response_param_name
        or dependant.background_tasks_param_name
        or dependant.security_scopes_param_name
    )
    if foreign:
        raise NotPlain
    return _Needs(dependant.request_param_name, [_step(one) for one in dependant.dependencies])


def _step(dependant: Dependant) -> _Step:
    call = dependant.call
    if call is None:
        raise NotPlain
    function = call if inspect.isroutine(call) else type(call).__call__
    if inspect.isasyncgenfunction(function) and dependant.scope == "function":
        return _Step(dependant.name, asynccontextmanager(call), _needs(dependant), is_context=True)
    if not inspect.iscoroutinefunction(function):
        raise NotPlain
    return _Step(dependant.name, call, _needs(dependant), is_context=False)


class _Direct:
    """The application of one route. What a context gave is over before the answer leaves."""

    def __init__(self, route: APIRoute, needs: _Needs, handlers: Handlers) -> None:
        if route.body_field or not inspect.iscoroutinefunction(route.endpoint):
            raise NotPlain
        returns = inspect.signature(route.endpoint).return_annotation
        if not (inspect.isclass(returns) and issubclass(returns, Response)):
            raise NotPlain
        self._endpoint = route.endpoint
        self._needs = needs
        self._has_context = needs.has_context
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            response = await self._answer(request)
        except Exception as error:
            handler = self._handler(error)
            if handler is None:
                raise
            response = await handler(request, error)
            error.__traceback__ = None  # some errors are raised again and again
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if not self._has_context:
            arguments = await _arguments(self._needs, request, None)
            answer: Response = await self._endpoint(**arguments)
            return answer
        async with AsyncExitStack() as stack:
            arguments = await _arguments(self._needs, request, stack)
            answer = await self._endpoint(**arguments)
        return answer  # noqa: RET504 - a stack may swallow what is raised, says the type checker

    def _handler(self, error: Exception) -> Any:  # noqa: ANN401 - one of the handlers
        for kind in type(error).__mro__:
            if kind in self._handlers:
                return self._handlers[kind]
        return None


async def _arguments(
    needs: _Needs, request: Request, stack: AsyncExitStack | None
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if needs.request is not None:
        found[needs.request] = request
    for step in needs.steps:
        given = step.give(**await _arguments(step.needs, request, stack))
        if step.is_context and stack is not None:
            value = await stack.enter_async_context(given)
        else:
            value = await given
        if step.name is not None:
            found[step.name] = value
    return found
