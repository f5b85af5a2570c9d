"""A client of the suite's public API, for people the command line acts for."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx2

from hpa.errors import Refused

AT_ONCE: Final = 8
TRIES: Final = 20
BUSY: Final = frozenset({429, 503})
TIMEOUT_SECONDS: Final = 30.0
FILE_SECONDS: Final = 130.0


class Api:
    """The gateway; a bounded number of requests are under way at any time."""

    def __init__(self, url: str) -> None:
        """Talk to the gateway at *url*."""
        self._client = httpx2.AsyncClient(base_url=f"{url}/api/v1", timeout=TIMEOUT_SECONDS)
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def login(self, username: str, password: str) -> "Person":
        """Log in. Raises `Refused` when the API says no."""
        answer = await self.send("POST", "/login/", {"username": username, "password": password})
        return Person(self, username, password, answer["user"]["id"], answer["tokens"]["access"])

    async def send(
        self,
        method: str,
        path: str,
        body: Any,  # noqa: ANN401 - JSON
        token: str = "",
        *,
        key: str = "",
    ) -> Any:  # noqa: ANN401 - JSON
        """Send a request, again while the suite is busy. Raises `Refused` on any other refusal."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key} if key else {}
        tries = TRIES
        while (answer := await self._send(method, path, body, headers)).status_code in BUSY:
            tries -= 1
            if not tries:
                break
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        if answer.is_error:
            message = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
            raise Refused(message)
        return answer.json() if answer.content else None

    async def transfer(self, method: str, path: str, token: str, **what: Any) -> httpx2.Response:  # noqa: ANN401 - httpx2's own
        """Send or fetch a file, which may take its time. Raises `Refused` without an answer."""
        headers = {"Authorization": f"Bearer {token}"}
        try:
            return await self._client.request(
                method, path, headers=headers, timeout=FILE_SECONDS, **what
            )
        except httpx2.TransportError as error:
            message = f"{method} {path}: {str(error) or type(error).__name__}"
            raise Refused(message) from None

    async def _send(
        self, method: str, path: str, body: object, headers: dict[str, str]
    ) -> httpx2.Response:
        async with self._slots:
            try:
                return await self._client.request(method, path, json=body, headers=headers)
            except httpx2.TransportError as error:
                message = f"{method} {path}: {str(error) or type(error).__name__}"
                raise Refused(message) from None


def refusal_of(answer: httpx2.Response) -> Refused:
    """Return what the API said, for the person at the terminal."""
    return Refused(f"{answer.status_code} {answer.text[:300]}")


class Person:
    """Somebody who is logged in."""

    def __init__(self, api: Api, username: str, password: str, user_id: int, token: str) -> None:
        """Act as the user with *token*."""
        self.api = api
        self.username = username
        self.password = password
        self.id = user_id
        self._token = token

    async def post(self, path: str, body: Any = None, *, key: str = "") -> Any:  # noqa: ANN401 - JSON
        """Create or do something; with *key* it is done once, however often it is sent."""
        sent = body if body is not None else {}
        return await self.api.send("POST", path, sent, self._token, key=key)

    async def patch(self, path: str, body: Any) -> Any:  # noqa: ANN401 - JSON
        """Change something."""
        return await self.api.send("PATCH", path, body, self._token)

    async def send_file(
        self, path: str, name: str, content: bytes, fields: Mapping[str, str]
    ) -> Any:  # noqa: ANN401 - JSON
        """Send a form with a file; a report of wrong rows is an answer like any other."""
        answer = await self.api.transfer(
            "POST", path, self._token, files={"file": (name, content)}, data=dict(fields)
        )
        if answer.status_code not in {200, 400}:
            raise refusal_of(answer)
        return answer.json()

    async def fetch(self, path: str, query: Mapping[str, str]) -> bytes:
        """Return a file. Raises `Refused`."""
        answer = await self.api.transfer("GET", path, self._token, params=dict(query))
        if answer.is_error:
            raise refusal_of(answer)
        return answer.content
