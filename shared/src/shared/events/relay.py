"""The relay: publishes what waits in the outbox, and all of it again when the stream was lost."""

import asyncio
import fcntl
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import utcnow
from shared.db.engine import Database
from shared.db.upsert import insert_into
from shared.events import outbox, traces
from shared.events.bus import Bus, BusDown
from shared.events.tables import RelayState
from shared.telemetry.metrics import count_published

log = structlog.get_logger()

BATCH: Final = 250
IDLE_SECONDS: Final = 1.0
"""The poll: what another process of the service committed is seen this late at most."""
GATHER_SECONDS: Final = 0.01
"""After a round, those who commit so soon share the next one: in a rush there is one for many."""
STREAM_CHECK_SECONDS: Final = 5.0
PUBLISH_SECONDS: Final = 2.0
MAX_BACKOFF_SECONDS: Final = 2.0
PURGE_SECONDS: Final = 3600.0

_KNOWN: Final = select(RelayState.born, RelayState.last_seq).where(
    RelayState.stream == bindparam("of")
)

Rows = Sequence[tuple[int, str, str, bytes]]


class Relay:
    """
    One loop per process. `poke()` after a commit; the poll covers other processes' commits.

    PostgreSQL: any number of relays, rows stay claimed by their lock (SKIP LOCKED).
    SQLite: one relay per database, chosen by a lock on a file beside it, that never holds the
    database's write lock while it waits for NATS.
    Delivery is at least once: `Nats-Msg-Id` and the inbox make it once.
    """

    def __init__(self, database: Database, bus: Bus, stream: str) -> None:
        """Publish from *database* over *bus*; *stream* holds the service's own subjects."""
        self.database = database
        self.bus = bus
        self.stream = stream
        self._wake = asyncio.Event()
        self._checked = self._purged = float("-inf")
        self._lock: IO[bytes] | None = None
        self._connection = self._doubted = 0

    def poke(self) -> None:
        """Wake the loop: a transaction has just been committed."""
        self._wake.set()

    async def run(self) -> None:
        """Relay until cancelled; faults are logged and tried again, 0.1 to 2 s later."""
        try:
            await self._run()
        finally:
            if self._lock:
                self._lock.close()
                self._lock = None

    async def _run(self) -> None:
        backoff = 0.1
        await self.bus.connected.wait()
        while True:
            was_poked = self._wake.is_set()
            self._wake.clear()
            try:
                if self._is_leader():
                    await self._check_stream()
                    # A poll finds nothing nearly always, and learns that for less than a claim.
                    if was_poked or await outbox.any_waiting(self.database.glance):
                        await self._publish_all()
                    await self._purge()
                backoff = 0.1
            except Exception as error:  # noqa: BLE001 - the loop outlives every fault
                if not isinstance(error, BusDown):
                    log.warning("relay", error=repr(error)[:200])
                await asyncio.sleep(backoff * (1 + random.random()))  # noqa: S311 - jitter
                backoff = min(backoff * 2, MAX_BACKOFF_SECONDS)
                continue
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _publish_all(self) -> None:
        count = await self.publish_waiting()
        if count:
            await asyncio.sleep(GATHER_SECONDS)
        while count == BATCH:
            count = await self.publish_waiting()

    async def publish_waiting(self) -> int:
        """Publish one batch and stamp what was acknowledged; return how many rows it had."""
        async with self._claimed() as (tx, rows):
            if not rows:
                return 0
            acked, fault = await self._send(rows)
            if acked:
                if tx is not None:
                    await self._stamp(tx, acked)
                else:
                    async with self.database.transaction() as own:
                        await self._stamp(own, acked)
            count_published(len(acked))
        if fault:
            raise fault
        return len(rows)

    @asynccontextmanager
    async def _claimed(self) -> AsyncIterator[tuple[AsyncSession | None, Rows]]:
        if self.database.dialect == "sqlite":
            yield None, await outbox.claim(self.database.glance, BATCH)
        else:
            async with self.database.transaction() as tx:
                yield tx, await outbox.claim(tx, BATCH)

    async def _send(self, rows: Rows) -> tuple[dict[int, int], BaseException | None]:
        js = self.bus.js

        async def publish(row: tuple[int, str, str, bytes]) -> int:
            _, event_id, subject, payload = row
            headers = {"Nats-Msg-Id": event_id}
            with traces.publishing(subject, payload, headers):
                ack = await js.publish(subject, payload, timeout=PUBLISH_SECONDS, headers=headers)
            return ack.seq

        answers = await asyncio.gather(*map(publish, rows), return_exceptions=True)
        acked: dict[int, int] = {}
        fault: BaseException | None = None
        for row, answer in zip(rows, answers, strict=True):
            if isinstance(answer, BaseException):
                fault = answer
            else:
                acked[row[0]] = answer
        return acked, fault

    async def _stamp(self, tx: AsyncSession, acked: dict[int, int]) -> None:
        state = await tx.get(RelayState, self.stream)
        if state is not None:
            if await self._went_back(tx, state.last_seq, acked):
                _tell_of_replay(await outbox.unpublish_all(tx))
                state.last_seq = 0
            state.last_seq = max(state.last_seq, *acked.values())
        await outbox.mark_published(tx, acked)

    async def _went_back(self, tx: AsyncSession, last_seq: int, acked: dict[int, int]) -> bool:
        """
        Tell whether the stream gave numbers anew that it had given to other events.

        An older copy of it may have outgrown `last_seq` before anybody looked at its length.
        """
        if self._connection != self.bus.connections:
            self._connection, self._doubted = self.bus.connections, last_seq
        doubtful = {row: seq for row, seq in acked.items() if seq <= self._doubted}
        return bool(doubtful) and await outbox.have_been_given(tx, doubtful)

    async def _check_stream(self) -> None:
        """Publish everything again when the stream is younger or shorter than it was."""
        now = asyncio.get_running_loop().time()
        if now - self._checked < STREAM_CHECK_SECONDS:
            return
        info = await self.bus.js.stream_info(self.stream)
        born, last = str(info.created), int(info.state.last_seq)
        known = (await self.database.glance.execute(_KNOWN, {"of": self.stream})).first()
        if known is None or known.born != born or last < known.last_seq:
            await self._restart_stream(born, last)
        self._checked = now

    async def _restart_stream(self, born: str, last: int) -> None:
        async with self.database.transaction() as tx:
            known = await tx.scalar(
                select(RelayState).where(RelayState.stream == self.stream).with_for_update()
            )
            if known and known.born == born and last >= known.last_seq:
                return  # another relay was first
            count = await outbox.unpublish_all(tx)
            row = {"stream": self.stream, "born": born, "last_seq": last}
            insert = insert_into(tx, RelayState)
            await tx.execute(
                insert.on_conflict_do_update(
                    index_elements=["stream"], set_={"born": born, "last_seq": last}
                ),
                [row],
            )
        if count:
            _tell_of_replay(count)

    async def _purge(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._purged < PURGE_SECONDS:
            return
        async with self.database.transaction() as tx:
            await outbox.purge(tx, utcnow())
        self._purged = now

    def _is_leader(self) -> bool:
        if self.database.dialect != "sqlite" or self._lock:
            return True
        # The kernel lets go of the lock when the process dies: no clock, no stale file.
        lock = Path(f"{self.database.url.database}.relay").open("wb")  # noqa: SIM115 - kept
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True


def _tell_of_replay(count: int) -> None:
    log.warning("the stream went back, all kept events are published again", events=count)
