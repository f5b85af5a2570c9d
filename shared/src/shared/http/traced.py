"""A span for each request, around the edge; in place only while traces are on."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.middleware import ABOUT_ITSELF
from shared.http.routing import VERBS
from shared.telemetry import tracing

SERVER_ERROR = 500


class Traced:
    """Continues the trace that the gateway or another service began."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap *app*."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other kinds of connections and questions of health pass."""
        if scope["type"] != "http" or scope["path"].startswith(ABOUT_ITSELF):
            await self.app(scope, receive, send)
            return
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        method = scope["method"] if scope["method"] in VERBS else "_OTHER"
        with tracing.span(method, "server", parent=_parent(scope)) as span:
            await self.app(scope, receive, noting)
            # Templates and codes, never the path or the query as they were sent.
            if route := scope.get("route"):
                span.rename(f"{method} {route.path}")
                span.set({"http.route": route.path})
            span.set({"http.request.method": method, "http.response.status_code": status})
            if status >= SERVER_ERROR:
                span.fail()


def _parent(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"traceparent":
            return str(value.decode("latin-1"))
    return ""
