"""Structured logs: one JSON object a line on standard output, never a secret."""

import contextlib
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, BinaryIO, cast

import orjson
import structlog
from typing_extensions import override

from shared.telemetry import tracing

# Tokens and Telegram's bot token (it sits in URLs) are cut out of every value that is a string.
# What starts like a token goes whole: asking for its dots would take quadratic time.
SECRETS = re.compile(
    r"eyJ[\w.-]{10,}|(?<=/bot)\d+:[\w-]+|\b\d{6,}:[A-Za-z0-9_-]{30,}|(?<=://)[^/\s:@]+:[^@\s/]+(?=@)"
)
HIDDEN_KEYS = ("password", "authorization", "secret", "token")


def scrub(text: str) -> str:
    """Return *text* without tokens, bot tokens and credentials in URLs."""
    return SECRETS.sub("***", text)


def _hide(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's own type
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = scrub(value)
        if any(word in key for word in HIDDEN_KEYS) and value:
            event[key] = "***"
    return event


def _add_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's own type
    if trace_id := tracing.trace_id():
        event["trace_id"] = trace_id
    return event


def _dumps(event: Any, **_: object) -> bytes:  # noqa: ANN401 - structlog's own type
    return orjson.dumps(event, default=repr)


class _Forward(logging.Handler):
    """Hand what libraries log to structlog, so that it meets the same rules."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text}: {record.exc_info[1]!r}"
        structlog.get_logger().log(record.levelno, text, logger=record.name)


class Lines:
    """A stream that takes whole lines or drops them: a full disk must not fail what is logged."""

    def __init__(self, stream: BinaryIO) -> None:
        """Write to *stream*."""
        # Not through a buffer: what did not fit would stay in it and fail at every later line.
        self._stream = getattr(stream, "raw", stream)

    def write(self, line: bytes) -> None:
        """Write *line* at once."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line)

    def flush(self) -> None:
        """Do what is left to do."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def configure_logging(service: str, level: str = "INFO", *, stream: BinaryIO | None = None) -> None:
    """Send all logs of the process as JSON lines to *stream* or stdout, marked with *service*."""
    lines = cast("BinaryIO", Lines(stream or sys.stdout.buffer))
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _hide,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(lines),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    # Libraries speak up from WARNING on: httpx2 logs URLs at INFO, Telegram's carry a token.
    logging.basicConfig(handlers=[_Forward()], level=max(number, logging.WARNING), force=True)
