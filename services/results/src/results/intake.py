"""The intake of hand-ins: those that wait together share one transaction, each its own answer."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from results.clients import ExamsClient
from results.errors import StillInProgress
from results.service import exams as exams_service
from results.service import submits as service
from results.service.submits import Accepted, Outcome, Submission, Unsure
from shared.clock import utcnow
from shared.db.engine import Database
from shared.errors import DomainError, Unavailable

log = structlog.get_logger()

LEASE_SECONDS: Final = 0.25
"""
How long the word of exams about an exam is good. Less than the 300 ms after a commit for which
exams holds its own answer back when it cannot tell us.
"""

GATHER_SECONDS: Final = 0.005
"""After several at once, those who come so soon share the next transaction; nobody alone waits."""

LATELY_SECONDS: Final = 2.0
"""An exam that was handed in so lately is asked about together with the others."""

Waiting = tuple[Submission, "asyncio.Future[Outcome]"]


Ask = Callable[[Sequence[int]], Coroutine[Any, Any, set[int]]]


@dataclass(frozen=True)
class _Ask:
    sent_at: float
    answered: "asyncio.Task[set[int]]"


class Leases:
    """
    Exams whose replica is fresh because exams said so a moment ago.

    A push tells nothing here: it may have stood in a buffer while newer ones were lost. In a rush
    on many exams, one question about all of them renews the leases of all.
    """

    def __init__(self, ask: Ask, ask_together: Ask) -> None:
        """
        Ask by *ask* for all of an exam, by *ask_together* for what is new about several.

        Both keep the answers and return about which exams there was one.
        """
        self._ask = ask
        self._ask_together = ask_together
        self._asks: dict[int, _Ask] = {}
        self._wanted_at: dict[int, float] = {}

    async def renew(self, exam_id: int) -> bool:
        """Ask, or share the answer to a question still fresh; return whether there is one."""
        now = asyncio.get_running_loop().time()
        ask = self._asks.get(exam_id)
        if ask is None or not self._is_fresh(ask):
            due = self._due(now)
            is_known = exam_id in due
            ids = sorted(due) if is_known else [exam_id]
            task = asyncio.create_task((self._ask_together if is_known else self._ask)(ids))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            ask = _Ask(now, task)
            self._asks |= dict.fromkeys(ids, ask)
        self._wanted_at[exam_id] = now
        return exam_id in await asyncio.shield(ask.answered)

    def exams(self) -> set[int]:
        """Return what may be trusted right now."""
        self._asks = {
            exam_id: ask
            for exam_id, ask in self._asks.items()
            if self._is_fresh(ask) or not ask.answered.done()
        }
        return {exam_id for exam_id, ask in self._asks.items() if self._is_good(exam_id, ask)}

    def _due(self, now: float) -> set[int]:
        """Return the exams that were handed in lately and are not being asked about."""
        self._wanted_at = {
            one: at for one, at in self._wanted_at.items() if now - at <= LATELY_SECONDS
        }
        asks = {one: self._asks.get(one) for one in self._wanted_at}
        return {one for one, ask in asks.items() if ask is None or not self._is_under_way(ask)}

    def _is_under_way(self, ask: _Ask) -> bool:
        return self._is_fresh(ask) and not ask.answered.done()

    async def close(self) -> None:
        """Give up what is still being asked."""
        asked = {ask.answered for ask in self._asks.values()}
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)

    def _is_fresh(self, ask: _Ask) -> bool:
        return asyncio.get_running_loop().time() - ask.sent_at <= LEASE_SECONDS

    def _is_good(self, exam_id: int, ask: _Ask) -> bool:
        task = ask.answered
        is_over = task.done() and not task.cancelled() and task.exception() is None
        return is_over and exam_id in task.result() and self._is_fresh(ask)


class Intake:
    """
    One line per process, one transaction at a time, up to `batch` hand-ins in each.

    A commit costs the same for one and for sixty, so the line gets faster as it gets longer. An
    answer is given only after the commit. The line is bounded: who finds it full gets 503 at once.
    """

    def __init__(self, database: Database, exams: ExamsClient, *, queue: int, batch: int) -> None:
        """Prepare an empty line."""
        self.database = database
        self.exams = exams
        self.leases = Leases(self._ask, self._ask_together)
        self._batch = batch
        self._queue = queue
        self._line: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
        self._versions = exams_service.Versions()
        self._in_progress: set[tuple[int, str]] = set()

    async def submit(self, submission: Submission) -> Accepted:
        """Return the answer to a hand-in once it is stored. Raises its refusal."""
        token = (submission.student_id, submission.key or "")
        if submission.key and token in self._in_progress:
            raise StillInProgress
        self._in_progress.add(token)
        try:
            outcome = await self._wait_for(submission)
            if isinstance(outcome, Unsure):
                asked = await self.leases.renew(submission.exam_id)
                outcome = await self._wait_for(
                    replace(submission, asked="yes" if asked else "in vain")
                )
        finally:
            self._in_progress.discard(token)
        if isinstance(outcome, Accepted):
            return outcome
        raise outcome if isinstance(outcome, DomainError) else Unavailable()

    async def run(self) -> None:
        """Serve the line until cancelled."""
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while batch := self._next_batch():
                    await self._serve(batch)
                    if len(batch) > 1:
                        await asyncio.sleep(GATHER_SECONDS)
        finally:
            await self.leases.close()

    async def _wait_for(self, submission: Submission) -> Outcome:
        if len(self._line) >= self._queue:
            raise Unavailable(retry_after=2)
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._line.append((submission, answer))
        self._arrived.set()
        return await answer

    def _next_batch(self) -> list[Waiting]:
        """Take from the line; whoever has left it is skipped."""
        batch: list[Waiting] = []
        while self._line and len(batch) < self._batch:
            waiting = self._line.popleft()
            if not waiting[1].done():
                batch.append(waiting)
        return batch

    async def _serve(self, batch: list[Waiting]) -> None:
        try:
            outcomes = await self._store([submission for submission, _ in batch])
        except Unavailable as error:
            outcomes = [error] * len(batch)
        except Exception as error:  # noqa: BLE001 - one bad hand-in must not cost the others theirs
            if len(batch) > 1:
                for waiting in batch:
                    await self._serve([waiting])
                return
            _fail(batch[0][1], error)
            return
        for (_, answer), outcome in zip(batch, outcomes, strict=True):
            if not answer.done():
                answer.set_result(outcome)

    async def _store(self, submissions: list[Submission]) -> list[Outcome]:
        async with self.database.brief() as tx:
            return await service.submit_all(
                tx,
                submissions,
                now=utcnow(),
                trusted=self.leases.exams(),
                versions=self._versions,
            )

    async def _ask(self, ids: Sequence[int]) -> set[int]:
        return {exam_id for exam_id in ids if await self._ask_one(exam_id)}

    async def _ask_together(self, ids: Sequence[int]) -> set[int]:
        """Ask for the versions of *ids*, and for all of those exams whose version is not held."""
        try:
            versions = await self.exams.versions(ids)
        except Unavailable:
            return set()
        async with self.database.reading() as view:
            held = await exams_service.held_versions(view, ids)
        told = {one for one in ids if held.get(one, 0) >= versions.get(one, 0)}
        return told | await self._ask([one for one in ids if one not in told])

    async def _ask_one(self, exam_id: int) -> bool:
        try:
            state = await self.exams.find(exam_id)
        except Unavailable:
            return False
        if state is not None:
            await self._keep(state)
        return True

    async def _keep(self, state: dict[str, Any]) -> None:
        async with self.database.reading() as view:
            is_held = await exams_service.is_held(view, state)
        if not is_held:
            async with self.database.transaction(urgent=True) as tx:
                await exams_service.keep_exam(tx, state)


def _fail(answer: "asyncio.Future[Outcome]", error: Exception) -> None:
    if isinstance(error, DomainError):
        log.info("submit refused", error=type(error).__name__)
    else:
        log.error("submit failed", exc_info=error)
    if not answer.done():
        answer.set_exception(error)
