"""JSON answers as bytes, written by orjson."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import Response

OPTIONS: Final = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_OMIT_MICROSECONDS
JSON: Final = "application/json"


def dumps(data: Any) -> bytes:  # noqa: ANN401 - whatever orjson can write
    """Return *data* as JSON; times become UTC with `Z` and whole seconds."""
    return orjson.dumps(data, option=OPTIONS)


def reply(
    data: Any,  # noqa: ANN401 - whatever orjson can write
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer *data* as JSON. FastAPI sends it as it is, without validating it again."""
    return Response(dumps(data), status, headers, media_type=JSON)


def no_content() -> Response:
    """Answer 204."""
    return Response(status_code=204)
