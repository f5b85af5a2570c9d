"""The HTTP server of every process: it goes away without losing a request."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

KEEP_ALIVE_SECONDS: Final = 90
"""Longer than the gateway keeps an idle connection, or it sends into one that just closed."""
DRAIN_LIMIT_SECONDS: Final = 20
BACKLOG: Final = 2048
TICK_SECONDS: Final = 1.0
"""How old the `Date` of an answer may be."""


class DrainingServer(uvicorn.Server):
    """
    A signal makes the process unready; only some seconds later does it stop taking requests.

    In between the gateway notices and sends no more. A second signal skips the wait, and so does
    SIGINT: it means that everything stops, the gateway too.
    """

    def __init__(
        self, config: uvicorn.Config, drain: Callable[[], None], drain_seconds: float
    ) -> None:
        """Serve; *drain* makes the application unready."""
        super().__init__(config)
        self._drain = drain
        self._drain_seconds = drain_seconds
        self._stop_at: float | None = None
        self._wake: Callable[[], object] | None = None

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not kept in _captured_signals: uvicorn would raise them again and end with -15, not 0.
        if self._stop_at is not None or not self.started or sig == signal.SIGINT:
            self.should_exit = True
        else:
            self._drain()
            self._stop_at = time.monotonic() + self._drain_seconds
        if self._wake:
            self._wake()

    @override
    async def main_loop(self) -> None:
        # uvicorn's looks ten times a second whether a signal came: most of what an idle process
        # would do. Here the signal wakes it.
        came = asyncio.Event()
        loop = asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(came.set)
        while not await self.on_tick(0):  # 0: with a new `Date`
            left = TICK_SECONDS
            if self._stop_at is not None:
                left = min(left, self._stop_at - time.monotonic())
            came.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await came.wait()

    @override
    async def on_tick(self, counter: int) -> bool:
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


def configure(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    """Return how every process of the suite serves *app*."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_LIMIT_SECONDS,
    )
