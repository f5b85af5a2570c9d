"""The consumer loop: pull a batch, apply it in one transaction, acknowledge after the commit."""

import asyncio
import random
from typing import Any, Final

import structlog
from nats.aio.msg import Msg

from shared.clock import utcnow
from shared.db.engine import Database
from shared.errors import Unavailable
from shared.events import inbox, traces
from shared.events.bus import Bus, BusDown
from shared.events.consumers import NotYet, Received, Registration, Unacceptable
from shared.events.inbox import Delivery, Malformed
from shared.events.pull import Pull
from shared.telemetry.metrics import ConsumerMetrics

log = structlog.get_logger()

MAX_TRIES: Final = 5
RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0)
MAX_BACKOFF_SECONDS: Final = 2.0


class ConsumerLoop:
    """
    One durable of one service.

    A batch is one transaction. When it fails, each message gets a transaction of its own; one that
    fails five times is parked, a malformed one at once. A database that is away is nobody's fault:
    such tries are not counted.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        registration: Registration,
        runtime: Any,  # noqa: ANN401
    ) -> None:
        """Deliver *registration*'s events from *bus* into *database*."""
        self.database = database
        self.bus = bus
        self.registration = registration
        self.runtime = runtime
        self._tries: dict[int, int] = {}
        self._metrics = ConsumerMetrics(registration.durable)

    async def run(self) -> None:
        """Consume until cancelled, whatever happens to NATS, to the durable or to the database."""
        pull: Pull | None = None
        backoff = 0.1
        await self.bus.connected.wait()
        while True:
            try:
                if pull is None:
                    one = self.registration
                    pull = await Pull.open(self.bus, one.durable, one.stream)
                await self.settle(await pull.next())
                backoff = 0.1
            except Exception as error:  # noqa: BLE001 - the durable or NATS is away: ask again
                if not isinstance(error, BusDown):
                    log.warning("pull", durable=self.registration.durable, error=repr(error)[:200])
                await asyncio.sleep(backoff * (1 + random.random()))  # noqa: S311 - jitter
                backoff = min(backoff * 2, MAX_BACKOFF_SECONDS)

    async def settle(self, messages: list[Msg]) -> None:
        """Handle *messages* and tell JetStream what became of each."""
        batch = await self._understood(messages)
        if not batch:
            return
        received = [one for _, one in batch]
        try:
            received = await inbox.prepare(self.registration, received, self.runtime)
            await inbox.handle(self.database, self.registration, received, self.runtime)
        except Unavailable:
            for message, _ in batch:
                await self._put_off(message)
        except Exception:  # noqa: BLE001 - find the culprit
            for (message, _), one in zip(batch, received, strict=True):
                await self._handle_alone(message, one)
        else:
            await self._ack(batch)

    async def _understood(self, messages: list[Msg]) -> list[tuple[Msg, Received]]:
        batch: list[tuple[Msg, Received]] = []
        for message in messages:
            try:
                arrived_at = message.metadata.timestamp
                one = inbox.parse(self.registration, message.data, arrived_at)
                batch.append((message, traces.heard(message.headers, one)))
            except Malformed as error:
                await self._park(message, error)
        return batch

    async def _handle_alone(self, message: Msg, received: Received) -> None:
        seq = message.metadata.sequence.stream
        try:
            await inbox.handle(self.database, self.registration, [received], self.runtime)
        except (Unavailable, NotYet):
            await self._put_off(message)
        except Unacceptable as error:
            await self._park(message, error)
        except Exception as error:  # noqa: BLE001 - a handler's fault is counted, then parked
            tries = self._tries.get(seq, 0) + 1
            if tries >= MAX_TRIES:
                await self._park(message, error, tries)
                return
            if len(self._tries) > 10_000:  # noqa: PLR2004 - a bound, not a rule
                self._tries.clear()
            self._tries[seq] = tries
            log.warning(
                "retry", durable=self.registration.durable, seq=seq, error=repr(error)[:200]
            )
            self._metrics.count("tried_again")
            await message.nak(delay=RETRY_SECONDS[tries - 1])
        else:
            await self._ack([(message, received)])

    async def _park(self, message: Msg, error: Exception, tries: int = 1) -> None:
        seq = message.metadata.sequence.stream
        await inbox.park(
            self.database, self.registration, Delivery(seq, message.data, tries), error
        )
        self._tries.pop(seq, None)
        self._metrics.count("parked")
        await message.term()

    async def _put_off(self, message: Msg) -> None:
        self._metrics.count("put_off")
        await message.nak(delay=1.0)

    async def _ack(self, handled: list[tuple[Msg, Received]]) -> None:
        now = utcnow()
        for message, received in handled:
            self._tries.pop(message.metadata.sequence.stream, None)
            await message.ack()
            if received.arrived_at is not None:
                self._metrics.note_delay((now - received.arrived_at).total_seconds())
        self._metrics.count("handled", len(handled))
