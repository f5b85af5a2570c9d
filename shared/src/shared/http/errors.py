"""The one place where errors meet HTTP: kind to status and body, in answers and documents."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    InvalidToken,
    NotFound,
    ParseFailed,
    Refused,
    Throttled,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
    UserInactive,
)
from shared.http.messages import field_errors
from shared.http.replies import dumps, reply

log = structlog.get_logger()

STATUS_OF: Final[dict[type[DomainError], int]] = {
    Unauthenticated: 401,
    InvalidToken: 401,
    UserInactive: 401,
    Forbidden: 403,
    NotFound: 404,
    Invalid: 400,
    ParseFailed: 400,
    Refused: 400,
    Conflict: 409,
    TooLarge: 413,
    UnsupportedMedia: 415,
    Throttled: 429,
    Unavailable: 503,
}
CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="api"'}
TOKEN_BODY: Final = {
    "detail": InvalidToken.detail,
    "code": "token_not_valid",
    "messages": [
        {
            "token_class": "AccessToken",
            "token_type": "access",
            "message": "Token is invalid or expired",
        }
    ],
}
FAULT: Final = {"detail": "A server error occurred."}
MAX_ERROR_BYTES: Final = 16 * 1024


def status_of(kind: type[DomainError]) -> int:
    """Return the status of an error class: that of its nearest known parent."""
    return next((STATUS_OF[parent] for parent in kind.__mro__ if parent in STATUS_OF), 500)


def answer(error: DomainError) -> Response:
    """Return the answer to *error*, in the shape of Django REST Framework."""
    status = status_of(type(error))
    headers = dict(error.headers)
    if status == 401:  # noqa: PLR2004 - a status
        headers.update(CHALLENGE)
    if isinstance(error, Throttled | Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    return reply(_body(error), status, headers)


def _body(error: DomainError) -> object:
    if isinstance(error, Invalid):
        return bounded(error.errors)
    if isinstance(error, InvalidToken):
        return TOKEN_BODY
    if error.code:
        return {"detail": error.detail, "code": error.code}
    return {"error" if isinstance(error, Refused) else "detail": str(error)}


def bounded(errors: Any) -> Any:  # noqa: ANN401 - lists and dicts of any depth
    """Return *errors*, or as many of them as fit into 16 KiB."""
    count = 256
    while len(dumps(errors)) > MAX_ERROR_BYTES and count:
        errors = _cut(errors, count)
        count //= 2
    return errors


def _cut(errors: Any, count: int) -> Any:  # noqa: ANN401 - lists and dicts of any depth
    if isinstance(errors, dict):
        return {str(key)[:200]: _cut(errors[key], count) for key in list(errors)[:count]}
    if isinstance(errors, list):
        return [_cut(item, count) for item in errors[:count]]
    return str(errors)[:500]


async def on_domain_error(_: Request, error: Exception) -> Response:
    """Answer what a dependency or a use case refused."""
    if not isinstance(error, DomainError):
        raise error
    if status_of(type(error)) == 500:  # noqa: PLR2004 - a status
        log.error("an error without a status", kind=type(error).__name__)
        return reply(FAULT, 500)
    return answer(error)


async def on_http_error(_: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses."""
    if not isinstance(error, HTTPException):
        raise error
    detail = "Not found." if error.status_code == 404 else error.detail  # noqa: PLR2004 - a status
    return reply({"detail": detail}, error.status_code, error.headers)


async def on_invalid_parameters(_: Request, error: Exception) -> Response:
    """Answer parameters FastAPI found wrong, with 400 and never with its 422."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = [{**one, "loc": tuple(one["loc"])[1:]} for one in error.errors()]
    return answer(Invalid(field_errors(found, {})))


HANDLERS: Final[dict[int | type[Exception], Any]] = {
    DomainError: on_domain_error,
    HTTPException: on_http_error,
    RequestValidationError: on_invalid_parameters,
}

# --- the document ---------------------------------------------------------------------------

DESCRIPTIONS: Final = {
    400: "The input is wrong, or a rule of the business says no.",
    401: "No token, or one that is not valid.",
    403: "The caller may not do this.",
    404: "Absent, or not the caller's to know.",
    409: "It contradicts the present state.",
    413: "The body is over 1 MiB.",
    415: "The body is not declared as JSON.",
    429: "Too often.",
    503: "A part is down or overloaded; come again.",
}


def schema_name(kind: type[DomainError]) -> str:
    """Return the name of the component that describes the body of *kind*."""
    if issubclass(kind, Invalid):
        return "FieldErrors"
    if issubclass(kind, Refused):
        return "Refusal"
    return "TokenError" if issubclass(kind, InvalidToken) or kind.code else "Detail"


def example_of(kind: type[DomainError]) -> object:
    """Return a body as a client sees it."""
    if kind is Invalid:
        return {"title": ["This field is required."]}
    if issubclass(kind, Throttled):
        return _body(kind(30))
    return _body(kind())


def errors(*kinds: type[DomainError]) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` for the refusals a route names."""
    by_status: dict[int, list[type[DomainError]]] = {}
    for kind in kinds:
        by_status.setdefault(status_of(kind), []).append(kind)
    return {status: dict(_response(status, found)) for status, found in by_status.items()}


def _response(status: int, kinds: list[type[DomainError]]) -> Iterator[tuple[str, Any]]:
    names = sorted({schema_name(kind) for kind in kinds})
    refs: list[Mapping[str, str]] = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
    examples = {kind.__name__: {"value": example_of(kind)} for kind in kinds}
    yield "description", DESCRIPTIONS[status]
    yield "content", {"application/json": {"schema": schema, "examples": examples}}
    if status in {429, 503}:
        yield "headers", {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
