"""What a service runs for its events: connection, relay, one loop per durable, replay, clean-up."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import structlog

from shared.clock import utcnow
from shared.db.engine import Database
from shared.events import inbox
from shared.events.bus import Bus
from shared.events.consumers import Consumers
from shared.events.loop import ConsumerLoop
from shared.events.relay import Relay

log = structlog.get_logger()

REPLAY_SECONDS: Final = 2.0
PURGE_ROUNDS: Final = 1800
STOP_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Lag:
    """What a durable has not done yet: waiting in the stream, and delivered without an ack."""

    durable: str
    waiting: int
    unacknowledged: int


class EventRuntime:
    """The event machinery of one process; without a NATS URL it is idle and rows just wait."""

    def __init__(
        self, service: str, database: Database, nats_url: str, consumers: Consumers | None
    ) -> None:
        """Build everything; nothing runs yet."""
        self.service = service
        self.database = database
        self.stream = service.upper()
        self.registrations = list(consumers.registrations.values()) if consumers else []
        self.bus = Bus(nats_url, service) if nats_url else None
        self.relay = Relay(database, self.bus, self.stream) if self.bus else None
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, runtime: Any) -> None:  # noqa: ANN401 - handed to `prepare` hooks
        """Start the loops; *runtime* is what handlers' `prepare` hooks receive."""
        self._spawn(self._housekeeping(runtime), "events-housekeeping")
        if self.bus is None or self.relay is None:
            return
        self.bus.start()
        self.database.after_commit.append(self.relay.poke)
        self._spawn(self.relay.run(), "relay")
        for registration in self.registrations:
            loop = ConsumerLoop(self.database, self.bus, registration, runtime)
            self._spawn(loop.run(), registration.durable)

    async def stop(self) -> None:
        """Stop the loops; unfinished transactions roll back and their messages come again."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        if self.bus:
            await self.bus.stop()

    async def jetstream_ok(self) -> bool | None:
        """Tell whether JetStream answers; None when the service runs without NATS."""
        return await self.bus.healthy(self.stream) if self.bus else None

    async def lags(self) -> list[Lag]:
        """
        Return how far each durable of this service is behind.

        Raises `BusDown` without a connection, and what nats-py raises when JetStream is away.
        """
        if self.bus is None:
            return []
        js = self.bus.js
        infos = await asyncio.gather(
            *(js.consumer_info(one.stream, one.durable) for one in self.registrations)
        )
        return [
            Lag(one.durable, info.num_pending or 0, info.num_ack_pending or 0)
            for one, info in zip(self.registrations, infos, strict=True)
        ]

    def _spawn(self, coroutine: Any, name: str) -> None:  # noqa: ANN401 - a coroutine
        self._tasks.append(asyncio.create_task(coroutine, name=name))

    async def _housekeeping(self, runtime: Any) -> None:  # noqa: ANN401
        rounds = 0
        while True:
            # First, not last: an application that stops at once is not caught while it connects.
            await asyncio.sleep(REPLAY_SECONDS)
            try:
                await inbox.replay_requested(self.database, self.registrations, runtime)
                if rounds % PURGE_ROUNDS == 0:
                    await inbox.purge(self.database, utcnow())
            except Exception as error:  # noqa: BLE001 - the next round tries again
                log.warning("events housekeeping", error=repr(error)[:200])
            rounds += 1
