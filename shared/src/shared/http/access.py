"""The access log: one JSON line a request, written without the detour over the log's processors."""

import logging
import sys

import orjson
import structlog

from shared.clock import utcnow
from shared.logging import Lines, scrub
from shared.telemetry import tracing

log = structlog.get_logger()

MAX_PATH = 200


def write(
    service: str, request_id: bytes, method: str, path: str, status: int, seconds: float
) -> None:
    """Tell of one answered request; never its query or its headers, they may hold secrets."""
    if not log.is_enabled_for(logging.INFO):
        return
    line = {
        "event": "request",
        "service": service,
        "request_id": request_id.decode(),
        "method": method[:10],
        "path": scrub(path[:MAX_PATH]),
        "status": status,
        "ms": round(seconds * 1000, 1),
        "level": "info",
        "timestamp": utcnow(),
    }
    if trace_id := tracing.trace_id():
        line["trace_id"] = trace_id
    out = Lines(sys.stdout.buffer)
    out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
