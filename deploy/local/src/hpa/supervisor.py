"""Keeps processes alive: a dead one comes back after a pause, the others notice nothing."""

import asyncio
import re
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from hpa.child import PYTHON, Child, Running, start_child, start_logged
from hpa.forks import Forks
from hpa.logs import Log, cut_logs
from hpa.paths import DataDir
from hpa.ports import HOST

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 5.0
STEADY_SECONDS: Final = 10.0
"""A process that lived this long is restarted without delay when it dies."""
CUT_SECONDS: Final = 10.0
AFTER_SECONDS: Final = 10.0
AFTER_POLL_SECONDS: Final = 0.05
REFUSAL: Final = b"refusing to start: "
"""What a service says of settings that it does not take; it is passed on, not only logged."""


@dataclass(frozen=True)
class Process:
    """What to run under a name; its port and its address never change."""

    name: str
    argv: Sequence[str]
    env: dict[str, str] = field(repr=False)
    is_module: bool = False
    """*argv* is a module of Python and its arguments; such a process may be forked."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 3.5
    prepare: Callable[[], None] = lambda: None
    """Called before each start: the place for configuration files, and for slow imports."""
    after: int = 0
    """A port: what listens there has to be up first, though not for longer than some seconds."""
    fault: re.Pattern[bytes] | None = None
    """What it says on standard error when it cannot go on but does not end by itself."""
    stops_last: bool = False
    """The broker: what the others finish while they stop still reaches it."""


class Keeper:
    """Runs one process for as long as the suite lives."""

    def __init__(
        self, process: Process, log: Log, *, held: Sequence[int] = (), forks: Forks | None = None
    ) -> None:
        """Prepare; `run` starts it."""
        self.process = process
        self.child: Child | None = None
        self.starts = 0
        self.since = 0.0
        self.is_faulty = False
        self._refusal = ""
        self._log = log
        self._held = held
        self._forks = forks

    @property
    def pid(self) -> int:
        """The present process id, or the last one while it is being started again."""
        return self.child.pid if self.child is not None else 0

    async def run(self, stopping: asyncio.Event, told: "Told") -> None:
        """Start the process whenever it is not there, until *stopping*."""
        pause = FIRST_PAUSE
        while not stopping.is_set():
            self.since = time.monotonic()
            code = await self._live(stopping, told)
            if stopping.is_set():
                return
            if time.monotonic() - self.since > STEADY_SECONDS:
                pause = FIRST_PAUSE
            why = self._refusal or f"ended ({code})"
            told(self, f"{self.process.name} {why}, starting it again in {pause:.1f} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _live(self, stopping: asyncio.Event, told: "Told") -> int:
        """Start the process and wait for its end."""
        self.is_faulty, self._refusal = False, ""
        if self.process.after:
            await _until_listens(self.process.after, stopping)
        try:
            self._log.cut()
            self.process.prepare()
            self.child = await self._start()
        except OSError as error:
            told(self, f"{self.process.name} cannot be started: {error}")
            return 127
        self.starts += 1
        told(self, "")
        if stopping.is_set():  # it was told to all children just before this one was there
            self.child.send(self.process.stop_signal)
        return await self.child.wait()

    async def _start(self) -> Child:
        process = self.process
        if process.is_module and self._forks is not None:
            return await start_logged(self._fork, self._log, self._hear)
        argv = (*PYTHON, *process.argv) if process.is_module else process.argv
        return await start_child(argv, process.env, self._log, held=self._held, hear=self._hear)

    async def _fork(self, output: int, errors: int) -> Running:
        assert self._forks is not None  # noqa: S101 - for the type checker
        order = {"argv": self.process.argv, "env": self.process.env}
        return await self._forks.fork(self.process.name, order, [output, errors, *self._held])

    def _hear(self, line: bytes) -> None:
        if line.startswith(REFUSAL):
            self._refusal = f"is {line.decode(errors='replace').strip()}"
        if self.process.fault is not None and self.process.fault.search(line):
            self.is_faulty = True


async def _until_listens(port: int, stopping: asyncio.Event) -> None:
    end = time.monotonic() + AFTER_SECONDS
    while not stopping.is_set() and time.monotonic() < end:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(AFTER_POLL_SECONDS)
        else:
            writer.close()
            return


Told = Callable[[Keeper, str], None]
"""Hears of every start (without words) and of every end and failure (with them)."""


class Supervisor:
    """All processes of one suite."""

    def __init__(
        self,
        processes: Iterable[Process],
        data: DataDir,
        *,
        held: Sequence[int] = (),
        forks: Forks | None = None,
        on_change: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = print,
    ) -> None:
        """
        Take the processes; each child holds the descriptors in *held* open.

        With *forks*, Python's modules are forked there instead of each importing everything.
        """
        self.keepers = [
            Keeper(process, Log(data.log(process.name)), held=held, forks=forks)
            for process in processes
        ]
        self._forks = forks
        self._data = data
        self._on_change = on_change
        self._say = say
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start everything at once: every part can start while the others are not there."""
        self._tasks = [
            asyncio.create_task(keeper.run(self._stopping, self._told)) for keeper in self.keepers
        ]
        self._tasks.append(asyncio.create_task(self._cut_logs()))

    async def watch(self) -> None:
        """Return when a keeper fails (never while all is well), with its error."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """End everything together, the broker last; what does not end in time is killed."""
        self._stopping.set()
        if self._forks is not None:
            await self._forks.close()
        for is_last in (False, True):
            keepers = [keeper for keeper in self.keepers if keeper.process.stops_last is is_last]
            await asyncio.gather(*(self._end(keeper) for keeper in keepers))
        await asyncio.wait(self._tasks)

    def kill(self) -> None:
        """Kill everything now."""
        self._stopping.set()
        for keeper in self.keepers:
            if keeper.child is not None:
                keeper.child.kill()

    async def _end(self, keeper: Keeper) -> None:
        task = self._tasks[self.keepers.index(keeper)]
        if keeper.child is not None:
            keeper.child.send(keeper.process.stop_signal)
        done, _ = await asyncio.wait([task], timeout=keeper.process.stop_seconds)
        if not done and keeper.child is not None:
            self._say(f"{keeper.process.name} did not end in time: killed")
            keeper.child.kill()
            await asyncio.wait([task])

    def _told(self, _: Keeper, words: str) -> None:
        if words:
            self._say(words)
        try:
            self._on_change()
        except OSError as error:  # a full disk, say: the processes matter more
            self._say(f"not written: {error}")

    async def _cut_logs(self) -> None:
        while not self._stopping.is_set():
            with suppress(OSError):
                cut_logs(self._data.logs)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), CUT_SECONDS)
