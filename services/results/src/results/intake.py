"""The intake of hand-ins: those that wait together share one transaction, each its own answer."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import Final

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

BEAT_SECONDS: Final = 0.25
FROZEN_SECONDS: Final = 1.0
"""A gap between beats this long means the process stood still and may have missed a push."""

Waiting = tuple[Submission, "asyncio.Future[Outcome]"]


class Trust:
    """Exams whose replica is fresh: confirmed by exams or pushed since this process is awake."""

    def __init__(self) -> None:
        """Trust nothing yet."""
        self._exams: set[int] = set()
        self._last = float("-inf")

    def beat(self) -> None:
        """Tell that the process is awake; after a gap nothing is trusted any more."""
        now = asyncio.get_running_loop().time()
        if now - self._last > FROZEN_SECONDS:
            self._exams.clear()
        self._last = now

    def add(self, exam_id: int) -> None:
        """Trust the replica of *exam_id*, which has just been confirmed."""
        self.beat()
        self._exams.add(exam_id)

    def exams(self) -> set[int]:
        """Return what is trusted right now."""
        self.beat()
        return self._exams


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
        self.trust = Trust()
        self._batch = batch
        self._queue = queue
        self._line: deque[Waiting] = deque()
        self._arrived = asyncio.Event()
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
                asked = await self.refresh(submission.exam_id)
                outcome = await self._wait_for(
                    replace(submission, asked="yes" if asked else "in vain")
                )
        finally:
            self._in_progress.discard(token)
        if isinstance(outcome, Accepted):
            return outcome
        raise outcome if isinstance(outcome, DomainError) else Unavailable()

    async def refresh(self, exam_id: int) -> bool:
        """Ask exams for an exam and keep its answer; return whether it gave one."""
        try:
            state = await self.exams.find(exam_id)
        except Unavailable:
            return False
        if state is not None:
            async with self.database.transaction(urgent=True) as tx:
                await exams_service.keep_exam(tx, state)
            self.trust.add(exam_id)
        return True

    async def run(self) -> None:
        """Serve the line until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._arrived.wait()
            self.trust.beat()
            self._arrived.clear()
            while batch := self._next_batch():
                await self._serve(batch)

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
        async with self.database.transaction() as tx:
            return await service.submit_all(
                tx, submissions, now=utcnow(), trusted=self.trust.exams()
            )


def _fail(answer: "asyncio.Future[Outcome]", error: Exception) -> None:
    if isinstance(error, DomainError):
        log.info("submit refused", error=type(error).__name__)
    else:
        log.error("submit failed", exc_info=error)
    if not answer.done():
        answer.set_exception(error)
