"""
The sender: takes rows from the queue, calls Telegram, writes down what came of it.

Any number of replicas run this; they meet only in the database. Three loops: one feeds calls at
the bot's pace, one writes outcomes, one ends what nobody else will. See docs/adr/0010.
"""

import asyncio
import contextlib
import math
import time
from typing import Final
from uuid import uuid4

import structlog

from messaging.domain.delivery import (
    LATE_SECONDS,
    MICROS,
    UNSENT,
    WRITE_SECONDS,
    InLine,
    Outcome,
    Pace,
    Settled,
    Verdict,
)
from messaging.service import delivery as service
from messaging.telegram import BotApi, uptime
from shared.clock import utcnow
from shared.db.engine import Database
from shared.errors import Unavailable

log = structlog.get_logger()

IDLE_SECONDS: Final = 0.25
"""How often an idle replica looks for work; the API runs in other processes and cannot tell."""
SWEEP_SECONDS: Final = 0.5
GATHER_SECONDS: Final = 0.02
LONGEST_WAIT: Final = 1.0
RETRY_SECONDS: Final = 0.5
BACKOFF_SECONDS: Final = (0.5, 1.0, 2.0, 4.0)
"""How long a replica waits while it cannot even connect to Telegram."""
BATCH: Final = 200
REMEMBERED: Final = 0.9  # of the time of a slow claim, at the next one


class Sender:
    """One replica."""

    def __init__(
        self, database: Database, api: BotApi | None, pace: Pace, *, parallel: int
    ) -> None:
        """Send with *api*; without one, there is only the sweeping."""
        self._database = database
        self._api = api
        self._pace = pace
        self._free, self._enough = parallel, max(1, parallel // 2)
        self._freed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._settled: asyncio.Queue[Settled | None] = asyncio.Queue()
        self._line: asyncio.Queue[InLine | None] = asyncio.Queue()
        self._launched = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._abandoned: list[str] = []
        self._paused_until = 0.0
        self._failures = 0
        self._last_start = self._claim_took = 0.0
        self._is_busy = False

    def stop(self) -> None:
        """Take nothing new; `run` ends when what is on the wire has ended."""
        self._stopping.set()
        self._freed.set()
        self._launched.set()

    @property
    def paused_seconds(self) -> float:
        """How long this replica still pauses."""
        return max(0.0, self._paused_until - time.monotonic())

    async def run(self) -> None:
        """Send until `stop`."""
        loops = [asyncio.create_task(loop) for loop in (self._sweep(), self._write())]
        try:
            if self._api is None:
                log.warning("there is no bot token, messages fail")
                await self._stopping.wait()
            else:
                await self._send_all(self._api)
            self._settled.put_nowait(None)
            await loops[1]
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    async def _send_all(self, api: BotApi) -> None:
        launching = asyncio.create_task(self._launch(api))
        try:
            await self._feed()
            self._line.put_nowait(None)
            await launching
        finally:
            launching.cancel()
        await asyncio.gather(*self._calls)

    # --- feeding

    async def _feed(self) -> None:
        while not self._stopping.is_set():
            try:
                rest = await self._feed_once()
            except Unavailable:
                rest = RETRY_SECONDS
            except Exception:
                log.exception("feeding failed")
                rest = LONGEST_WAIT
            if rest > 0:
                await self._rest(rest)

    async def _feed_once(self) -> float:
        """Claim one block ahead of its slots; return for how long there is nothing to do."""
        obstacle = await self._obstacle()
        if obstacle is not None:
            return obstacle
        taken_at = uptime()
        claimed = await self._claim()
        self._claim_took = max(uptime() - taken_at, self._claim_took * REMEMBERED)
        self._is_busy = bool(claimed.sendings)
        if not claimed.sendings:
            return min(claimed.wait or IDLE_SECONDS, LONGEST_WAIT)
        offset = claimed.read_at - claimed.now / MICROS
        self._free -= len(claimed.sendings)
        for place, sending in enumerate(claimed.sendings):
            start = sending.slot / MICROS + offset
            # The first goes however late it is: else a disk that is always late stops everything.
            latest = start + LATE_SECONDS if place else math.inf
            self._line.put_nowait(InLine(sending, start, latest, taken_at + WRITE_SECONDS))
        return 0

    async def _obstacle(self) -> float | None:
        """Return for how long it makes no sense to claim, None when it does."""
        paused = self._paused_until - time.monotonic()
        if paused > 0:
            return min(paused, LONGEST_WAIT)
        if self._free < 1:
            self._freed.clear()
            await self._freed.wait()
            return 0
        await self._gather()
        # Claimed while some still wait for their slots: so many that a slow disk lets none pass.
        enough = self._pace.block // 2 + self._pace.slots_in(self._claim_took)
        while self._line.qsize() > enough and not self._stopping.is_set():
            self._launched.clear()
            await self._launched.wait()
        if self._is_busy:
            return None
        return None if await service.has_due(self._database.glance) else IDLE_SECONDS

    async def _gather(self) -> None:
        """Let a few calls end before the next claim: a commit for each of them is dear."""
        enough = min(self._pace.block, self._enough)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHER_SECONDS):
                while self._free < enough and not self._stopping.is_set():
                    self._freed.clear()
                    await self._freed.wait()

    async def _claim(self) -> service.Claimed:
        await self._give_back()
        attempt = uuid4().hex
        took = self._claim_took
        most = min(self._free, self._pace.block + self._pace.slots_in(took))
        try:
            async with self._database.transaction() as tx:
                return await service.claim(tx, self._pace, attempt=attempt, most=most, within=took)
        except BaseException:
            self._abandoned.append(attempt)  # it may have been committed all the same
            raise

    async def _give_back(self) -> None:
        if self._abandoned:
            async with self._database.transaction() as tx:
                await service.release(tx, self._abandoned)
            self._abandoned.clear()

    # --- calling

    async def _launch(self, api: BotApi) -> None:
        while (claim := await self._line.get()) is not None:
            # Slots that have passed are not caught up with: each start keeps its distance.
            start = max(claim.start, self._last_start + self._pace.gap / MICROS)
            delay = start - time.monotonic()
            if delay > 0:
                await self._rest(delay)
            now = time.monotonic()
            if self._paused_until > now or now > claim.latest or self._stopping.is_set():
                self._settled.put_nowait(Settled(claim.sending, UNSENT, self._paused_until))
            else:
                self._last_start = time.monotonic()
                call = asyncio.create_task(self._send(api, claim))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
            self._launched.set()

    async def _send(self, api: BotApi, claim: InLine) -> None:
        sending = claim.sending
        outcome = await api.send(
            sending.chat_id, sending.text, tries=sending.tries, until=claim.until
        )
        self._settled.put_nowait(Settled(sending, outcome, self._heed(outcome)))

    def _heed(self, outcome: Outcome) -> float:
        """
        Slow this replica down at once; return when the row may be tried again.

        The others learn of a 429 from the database.
        """
        now = time.monotonic()
        if outcome.verdict is Verdict.SLOW_DOWN:
            self._paused_until = max(self._paused_until, now + outcome.wait)
        if outcome.verdict is not Verdict.UNSENT:
            self._failures = 0
            return now + outcome.wait
        if self._paused_until <= now:  # many calls fail together: that counts once
            place = min(self._failures, len(BACKOFF_SECONDS) - 1)
            self._paused_until = now + BACKOFF_SECONDS[place]
            self._failures += 1
        return self._paused_until

    # --- writing

    async def _write(self) -> None:
        is_over = False
        while not is_over:
            batch = [await self._settled.get()]
            while not self._settled.empty() and len(batch) < BATCH:
                batch.append(self._settled.get_nowait())
            settled = [each for each in batch if each is not None]
            is_over = len(settled) < len(batch)
            if settled:
                await self._settle(settled)
            self._free += len(settled)
            self._freed.set()

    async def _settle(self, settled: list[Settled]) -> None:
        """Write outcomes down; after the lease others have called the rows unknown anyway."""
        end = time.monotonic() + self._pace.lease / MICROS
        resume_at = max(
            (each.resume_at for each in settled if each.outcome.verdict is Verdict.SLOW_DOWN),
            default=0.0,
        )
        at = utcnow()
        while time.monotonic() < end:
            try:
                if resume_at > time.monotonic():
                    async with self._database.transaction() as tx:
                        await service.pause(tx, resume_at - time.monotonic())
                    resume_at = 0.0
                async with self._database.transaction() as tx:
                    await service.settle(tx, settled, at=at)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("writing outcomes failed", count=len(settled))
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return
        log.error("outcomes are lost, their rows end as unknown", count=len(settled))

    # --- sweeping

    async def _sweep(self) -> None:
        while True:
            is_behind = False
            try:
                is_behind = await self._sweep_once()
            except Unavailable:
                pass
            except Exception:
                log.exception("sweeping failed")
            if not is_behind:
                await asyncio.sleep(SWEEP_SECONDS)

    async def _sweep_once(self) -> bool:
        has_token = self._api is not None
        if not await service.needs_sweep(self._database.glance, has_token=has_token):
            return False
        async with self._database.transaction() as tx:
            return await service.sweep(tx, has_token=has_token)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
