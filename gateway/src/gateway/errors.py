"""What Traefik cannot say itself: its refusals in the suite's JSON."""

import random
from typing import Any, Final

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

UNAVAILABLE: Final = 503
NO_VERB: Final = 405
TEXTS: Final = {
    404: "Not found.",
    NO_VERB: 'Method "" not allowed.',  # which one it was is not repeated
    413: "Request body too large.",
    UNAVAILABLE: "Service temporarily unavailable, try again later.",
}
VERBS: Final = ("POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def reply(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:  # noqa: ANN401 - any JSON
    """Answer *data* as JSON."""
    return Response(orjson.dumps(data), status, headers, media_type="application/json")


class ErrorPage:
    """
    Answers any method with the error that its path names.

    `/errors/{status}` is where Traefik sends what went wrong, `/unavailable/…` stands in for a
    service without a healthy replica. Strangers reach neither: the routes lead here only inside.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer without reading the body."""
        status = scope["path_params"].get("status", UNAVAILABLE)
        await error(status)(scope, receive, send)


def error(status: int) -> Response:
    """Return the answer for *status*; 503 comes with a `Retry-After` that spreads the callers."""
    known = status if status in TEXTS else UNAVAILABLE
    headers = {}
    if known == UNAVAILABLE:
        headers["Retry-After"] = str(random.randint(1, 3))  # noqa: S311 - no secret
    if known == NO_VERB:
        headers["Allow"] = ", ".join(sorted(("GET", "HEAD", *VERBS)))
    return reply({"detail": TEXTS[known]}, known, headers)


def not_served(request: Request, exception: Exception) -> Response:
    """Answer what no route answers: 404, or 405 in the words of the services."""
    status = exception.status_code if isinstance(exception, HTTPException) else UNAVAILABLE
    if status != NO_VERB:
        return error(404)
    method = request.method if request.method in VERBS else ""
    headers = dict(getattr(exception, "headers", None) or {})
    return reply({"detail": f'Method "{method}" not allowed.'}, NO_VERB, headers)
