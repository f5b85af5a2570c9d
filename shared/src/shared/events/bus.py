"""The connection to NATS: made in the background, mended for ever, never in a request's way."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import nats
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext

log = structlog.get_logger()

CALL_SECONDS: Final = 2.0


class BusDown(Exception):
    """There is no connection to NATS at the moment."""


class Bus:
    """One connection of this process; `js` raises `BusDown` while there is none."""

    def __init__(self, url: str, service: str) -> None:
        """Remember where NATS is: `nats://user:password@host:port[,…]`."""
        self.url = url
        self.service = service
        user = urlsplit(url.split(",", maxsplit=1)[0]).username or service
        self.inbox_prefix = f"_INBOX_{user}"
        self._client: Client | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()
        self.connections = 0
        """How often there was a new one: behind each may be another store than before."""
        self.when_back: list[Callable[[], None]] = []
        """Called when a lost connection was made anew."""

    def start(self) -> None:
        """Begin to connect."""
        self._connecting = asyncio.create_task(self._connect(), name="nats-connect")

    async def stop(self) -> None:
        """Close the connection; what is in flight is redelivered by JetStream."""
        if self._connecting:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._client and not self._client.is_closed:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._client.close(), CALL_SECONDS)

    @property
    def client(self) -> Client:
        """The client, when connected. Raises `BusDown` else."""
        if self._client is None or not self._client.is_connected:
            raise BusDown
        return self._client

    @property
    def js(self) -> JetStreamContext:
        """JetStream, when connected. Raises `BusDown` else."""
        return self.client.jetstream(timeout=CALL_SECONDS)

    async def healthy(self, stream: str) -> bool:
        """Tell whether JetStream itself answers, not only its port."""
        try:
            async with asyncio.timeout(CALL_SECONDS / 2):
                await self.js.stream_info(stream)
        except Exception:  # noqa: BLE001 - whatever it is, it is not healthy
            return False
        return True

    async def _connect(self) -> None:
        delay = 0.1
        while True:
            try:
                self._client = await self._dial()
            except (TimeoutError, OSError, nats.errors.Error, ssl.SSLError) as error:
                log.warning("NATS is away", error=repr(error)[:200])
                await asyncio.sleep(delay)
                delay = min(delay * 2, 2.0)
                continue
            self.connections += 1
            self.connected.set()
            return

    async def _dial(self) -> Client:
        async def quietly(error: Exception) -> None:
            log.warning("NATS", error=repr(error)[:200])

        async def back() -> None:
            self.connections += 1
            log.info("NATS is back")
            for call in self.when_back:
                call()

        options: dict[str, Any] = {
            "name": self.service,
            "inbox_prefix": self.inbox_prefix,
            "max_reconnect_attempts": -1,
            "reconnect_time_wait": 0.5,
            "connect_timeout": 2,
            "ping_interval": 5,
            "max_outstanding_pings": 2,
            "allow_reconnect": True,
            "error_cb": quietly,
            "reconnected_cb": back,
        }
        return await nats.connect(self.url.split(","), **options)
