"""Which route answers: both slash forms, HEAD as GET, one `Allow` for all routes of a path."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Final, NamedTuple

from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.direct import direct
from shared.http.replies import JSON, dumps

NOT_FOUND: Final = dumps({"detail": "Not found."})


class Answered(NamedTuple):
    """A route and what answers it."""

    route: Route
    app: ASGIApp


Methods = dict[str, Answered]


class Dispatcher:
    """
    Finds the route of a path and calls it.

    Starlette looks only at the first route whose path fits: its 405 names that route's methods
    alone, its answer to a missing slash is a redirect, which loses the token behind a proxy.
    """

    def __init__(self, router: Router, handlers: Mapping[Any, Any]) -> None:
        """Sort the routes of *router* into fixed paths and patterns; *handlers* answer errors."""
        self._router = router
        # What Starlette's and FastAPI's own layers would put there, without running the layers.
        # `upload` reads forms by itself, so that no file ever waits to be closed by this stack.
        self._expected = {
            "starlette.exception_handlers": (dict(handlers), {}),
            "fastapi_middleware_astack": AsyncExitStack(),
        }
        self._fixed: dict[str, Methods] = {}
        self._patterns: list[tuple[Any, Methods]] = []
        by_path: dict[str, Methods] = {}
        for route in router.routes:
            if not isinstance(route, Route):
                message = f"not a plain route: {route!r}; give build_app flat routers"
                raise TypeError(message)
            new = route.path not in by_path
            methods = by_path.setdefault(route.path, {})
            if new and route.param_convertors:
                self._patterns.append((route.path_regex, methods))
            elif new:
                self._fixed[route.path] = methods
            answered = Answered(route, direct(route, handlers))
            for method in route.methods or {"GET"}:
                methods.setdefault(method, answered)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say 404 or 405."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)  # lifespan
            return
        methods, parameters = self._find(scope)
        if methods is None:
            await send_json(send, 404, NOT_FOUND)
            return
        method = scope["method"]
        found = methods.get("GET" if method == "HEAD" else method)
        if found is None:
            await _without_route(methods, method, send)
            return
        route, app = found
        scope.update(self._expected)
        scope["path_params"] = parameters
        scope["endpoint"] = route.endpoint
        scope["route"] = route
        await app(scope, receive, send)

    def _find(self, scope: Scope) -> tuple[Methods | None, dict[str, str]]:
        path: str = scope["path"]
        # %2F arrives decoded: `exams/5%2Fsubmit/` must stay the path that the gateway saw.
        if b"%" in scope["raw_path"] and b"%2f" in scope["raw_path"].lower():
            return None, {}
        for form in (path,) if path.endswith("/") else (path, path + "/"):
            methods = self._fixed.get(form)
            if methods is not None:
                return methods, {}
            for pattern, methods in self._patterns:
                match = pattern.match(form)
                if match:
                    return methods, match.groupdict()
        return None, {}


async def _without_route(methods: Methods, method: str, send: Send) -> None:
    allowed = sorted({*methods, "OPTIONS", *(("HEAD",) if "GET" in methods else ())})
    allow = (b"allow", ", ".join(allowed).encode())
    if method == "OPTIONS":
        await send_json(send, 200, b"", allow)
        return
    # Clients may invent verbs; what they sent is not repeated.
    name = method if method in VERBS else ""
    await send_json(send, 405, dumps({"detail": f'Method "{name}" not allowed.'}), allow)


VERBS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"))


async def send_json(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    """Send a whole answer without a Response object."""
    length = (b"content-length", str(len(body)).encode())
    start = [length, *headers]
    if body:
        start.append((b"content-type", JSON.encode()))
    await send({"type": "http.response.start", "status": status, "headers": start})
    await send({"type": "http.response.body", "body": body})
