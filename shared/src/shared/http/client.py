"""Calls from one service to another: a service token, short timeouts, one kind of failure."""

import asyncio
import time
from collections import deque
from typing import Any, Final

import httpx2
import orjson
import structlog

from shared.errors import NotFound, Unavailable
from shared.security.tokens import SERVICE_LIFE, ServiceTokens
from shared.security.trust import TRUSTED
from shared.telemetry import tracing

log = structlog.get_logger()

CONNECT_SECONDS: Final = 0.3
TOTAL_SECONDS: Final = 1.0
MAX_CONNECTIONS: Final = 50
TOKEN_SECONDS: Final = SERVICE_LIFE.total_seconds() / 2


class InternalClient:
    """
    Calls one other service under `/internal/`.

    Whatever goes wrong on the way (refused, timeout, 5xx, a refused token) is `Unavailable`;
    404 is `NotFound`. A call goes to the next replica where no connection was made, and only
    there: what may have been received is never sent again. Bodies are never logged.
    """

    def __init__(self, service: str, urls: str, secret: str, *, caller: str) -> None:
        """Prepare calls to *service* at *urls* (`http://…[,…]`); its secret signs the tokens."""
        self.service = service
        self._urls = deque(urls.split(","))
        """The replica that answered last comes first."""
        self._secret = secret
        self._caller = caller
        self._token = ""
        self._token_until = 0.0
        self._http = httpx2.AsyncClient(
            limits=httpx2.Limits(
                max_connections=MAX_CONNECTIONS,
                max_keepalive_connections=MAX_CONNECTIONS,
                keepalive_expiry=60,
            ),
            trust_env=False,  # a proxy of the environment has no business between services
            verify=TRUSTED,
        )

    async def get(self, path: str, *, timeout: float = TOTAL_SECONDS) -> Any:  # noqa: ANN401, ASYNC109 - JSON; per call
        """Return the JSON answer."""
        return await self._call("GET", path, None, timeout)

    async def post(self, path: str, body: Any, *, timeout: float = TOTAL_SECONDS) -> Any:  # noqa: ANN401, ASYNC109 - JSON; per call
        """Send *body*; return the JSON answer, or None when there is none."""
        return await self._call("POST", path, body, timeout)

    async def put(self, path: str, body: Any, *, timeout: float = TOTAL_SECONDS) -> Any:  # noqa: ANN401, ASYNC109 - JSON; per call
        """Put *body*; return the JSON answer, or None when there is none."""
        return await self._call("PUT", path, body, timeout)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _call(self, method: str, path: str, body: Any, seconds: float) -> Any:  # noqa: ANN401 - JSON
        content = None if body is None else orjson.dumps(body)
        try:
            # httpx counts its timeouts per read: a server that trickles needs the outer one.
            with tracing.span(f"{method} {self.service}", "client"):
                async with asyncio.timeout(seconds):
                    response = await self._request(method, path, content, seconds)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, TimeoutError) as error:
            raise self._away(method, path, type(error).__name__) from error
        if response.status_code == httpx2.codes.NOT_FOUND:
            raise NotFound
        if response.status_code >= httpx2.codes.BAD_REQUEST:
            raise self._away(method, path, str(response.status_code))
        try:
            return orjson.loads(response.content) if response.content else None
        except ValueError:
            raise self._away(method, path, "not JSON") from None

    async def _request(
        self, method: str, path: str, content: bytes | None, seconds: float
    ) -> httpx2.Response:
        limits = httpx2.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
        untried = list(self._urls)
        while True:
            url = untried.pop(0)
            answered = False
            try:
                response = await self._http.request(
                    method, url + path, content=content, headers=self._headers(), timeout=limits
                )
                answered = True
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if not untried:
                    raise
            else:
                return response
            finally:
                if not answered and self._urls[0] == url:  # others may have moved on already
                    self._urls.rotate(-1)

    def _headers(self) -> dict[str, str]:
        now = time.monotonic()
        if now >= self._token_until:
            self._token = ServiceTokens.mint(
                self._secret, caller=self._caller, audience=self.service
            )
            self._token_until = now + TOKEN_SECONDS
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id:
            headers["X-Request-Id"] = request_id
        if traceparent := tracing.traceparent():
            headers["traceparent"] = traceparent
        return headers

    def _away(self, method: str, path: str, reason: str) -> Unavailable:
        log.warning(
            "internal call failed", to=self.service, method=method, path=path, reason=reason
        )
        return Unavailable(f"The service {self.service} does not answer, try again later.")
