"""The Bot API over HTTP: one client per process, and what is known when a call goes wrong."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx2
import orjson
import structlog
from prometheus_client import Counter

from messaging.domain.delivery import IN_DOUBT, UNSENT, Outcome, Verdict, judge
from shared.security.trust import TRUSTED
from shared.telemetry.metrics import REGISTRY

log = structlog.get_logger()

CONNECT_SECONDS: Final = 3.0
IDLE_SECONDS: Final = 15.0
"""Shorter than servers keep idle connections: writing into a closing one leaves us in doubt."""
SPARE_CONNECTIONS: Final = 4
"""For the poller and the bot's own answers."""
WRITES_BODY: Final = "http11.send_request_body.started"
CALL_SECONDS: Final = 3.0

_sendings: Final = Counter(
    "hpa_telegram_sendings_total", "Calls by what came of them; slow_down is Telegram's 429.",
    ("outcome",), registry=REGISTRY,
)  # fmt: skip
_of_verdict: Final = {
    verdict: _sendings.labels(verdict.value.replace(" ", "_")) for verdict in Verdict
}


def uptime() -> float:
    """Return seconds since boot; they go on while the process, or the machine, is asleep."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class TooLate(Exception):
    """The claim is too old to be sent: others may have given the row up by now."""


class CallFailed(Exception):
    """A call that is no sending did not succeed; never holds the URL, which holds the token."""

    def __init__(self, reason: str, status: int = 0) -> None:
        """Keep a short *reason* and the status, 0 when there was no answer."""
        super().__init__(reason)
        self.status = status


class _Write:
    """
    Watches one request: it tells when the body begins to leave, and stops it when it is too late.

    Telegram acts on a whole body only. Until its first byte is handed to the socket nothing can
    have been delivered; from then on, everything may have been.
    """

    def __init__(self, until: float) -> None:
        self.has_begun = False
        self._until = until

    async def trace(self, event: str, _: Mapping[str, Any]) -> None:
        if event == WRITES_BODY:
            if uptime() > self._until:
                raise TooLate
            self.has_begun = True


class BotApi:
    """Telegram as one bot sees it."""

    def __init__(self, token: str, base: str, *, parallel: int, timeout: float) -> None:
        """Prepare at most *parallel* calls at once, each answered within *timeout* seconds."""
        self._token = token
        self._root = f"{base.rstrip('/')}/bot{token}"
        self._timeout = timeout
        limit = parallel + SPARE_CONNECTIONS
        self._http = httpx2.AsyncClient(
            limits=httpx2.Limits(
                max_connections=limit,
                max_keepalive_connections=limit,
                keepalive_expiry=IDLE_SECONDS,
            ),
            headers={"Content-Type": "application/json"},
            trust_env=False,
            verify=TRUSTED,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, chat_id: int, text: str, *, tries: int, until: float) -> Outcome:
        """
        Send *text* once, unless `uptime()` has passed *until* before it is on the wire.

        Never raises: whatever happens is an outcome.
        """
        outcome = await self._send(chat_id, text, tries=tries, until=until)
        _of_verdict[outcome.verdict].inc()
        return outcome

    async def _send(self, chat_id: int, text: str, *, tries: int, until: float) -> Outcome:
        write = _Write(until)
        body = {"chat_id": chat_id, "text": text, "parse_mode": "HTML"}
        try:
            # The outer limit is for servers that trickle: httpx2 counts its own per read.
            async with asyncio.timeout(max(0.0, until - uptime()) + self._timeout):
                answer = await self._post("sendMessage", body, self._timeout, write.trace)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError, TooLate) as error:
            log.warning("a sending failed", kind=type(error).__name__, written=write.has_begun)
            return IN_DOUBT if write.has_begun else UNSENT
        except Exception as error:  # noqa: BLE001 - a row must never stay without an outcome
            log.error("a sending broke", kind=type(error).__name__, written=write.has_begun)  # noqa: TRY400 - the traceback would show the URL
            return IN_DOUBT if write.has_begun else UNSENT
        return self._scrubbed(judge(answer.status_code, _json(answer), tries=tries))

    async def call(self, method: str, body: object = None, *, seconds: float = CALL_SECONDS) -> Any:  # noqa: ANN401 - JSON
        """Call *method* and return its result. Raises `CallFailed`."""
        try:
            async with asyncio.timeout(seconds):
                answer = await self._post(method, body or {}, seconds, None)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError) as error:
            raise CallFailed(type(error).__name__) from None
        found = _json(answer)
        if not isinstance(found, dict) or found.get("ok") is not True:
            told = str(found.get("description", "")) if isinstance(found, dict) else ""
            reason = f"{answer.status_code} {told}".replace(self._token, "***")[:200]
            raise CallFailed(reason, answer.status_code)
        return found.get("result")

    async def _post(
        self,
        method: str,
        body: object,
        seconds: float,
        trace: Callable[..., Any] | None,
    ) -> httpx2.Response:
        return await self._http.post(
            f"{self._root}/{method}",
            content=orjson.dumps(body),
            timeout=httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
            extensions={"trace": trace} if trace else {},
        )

    def _scrubbed(self, outcome: Outcome) -> Outcome:
        if outcome.error is None or self._token not in outcome.error:
            return outcome
        error = outcome.error.replace(self._token, "***")
        return Outcome(outcome.verdict, error, outcome.wait, outcome.is_unreachable)


def _json(answer: httpx2.Response) -> object:
    try:
        found: object = orjson.loads(answer.content)
    except ValueError:
        return None
    return found
