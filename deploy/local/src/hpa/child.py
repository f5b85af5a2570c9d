"""One child process: it never outlives its parent, and its words end up in its log."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Protocol

from hpa.logs import Log
from hpa.prctl import die_with_parent
from shared.clock import utcnow

PYTHON: Final = (sys.executable, "-P", "-m")
"""-P: the folder in which the command was started is no place to import from."""
LINE_LIMIT: Final = 1 << 20
NATS_LINE: Final = re.compile(r"^\[\d+\] [\d/]+ [\d:.]+ \[(?P<level>[A-Z]+)\] ?(?P<text>.*)$")
LEVELS: Final = {"DBG": "debug", "TRC": "debug", "WRN": "warning", "ERR": "error", "FTL": "error"}


class Running(Protocol):
    """What a child is told and asked, however it was started."""

    @property
    def pid(self) -> int:
        """The process id."""

    async def wait(self) -> int:
        """Return the exit code."""

    def send_signal(self, signal: int, /) -> None:
        """Send a signal. Raises `ProcessLookupError` when it has ended."""


class Child:
    """A running process in a session of its own."""

    def __init__(self, process: Running, pump: asyncio.Task[None]) -> None:
        """Take over *process*; *pump* carries its standard error to its log."""
        self._process = process
        self._pump = pump

    @property
    def pid(self) -> int:
        """The process id, which is its session's too."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end; what it left running in its session ends with it."""
        code = await self._process.wait()
        self.kill()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._pump, 1)
        return code

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill(self) -> None:
        """Kill the whole session."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


async def start_child(
    argv: Sequence[str],
    env: Mapping[str, str],
    log: Log,
    *,
    held: Sequence[int] = (),
    hear: Callable[[bytes], None] = lambda _: None,
    stdin: int = asyncio.subprocess.DEVNULL,
) -> Child:
    """
    Start *argv*; its standard output is appended to *log* as it comes.

    *hear* is called with each line of its standard error.

    Call it from the main thread: the kernel ties the child's life to the thread that forked it.
    The descriptors in *held* stay open in the child.
    """

    async def execute(output: int, errors: int) -> Running:
        return await asyncio.create_subprocess_exec(
            *argv,
            env=env,
            stdin=stdin,
            stdout=output,
            stderr=errors,
            start_new_session=True,
            preexec_fn=_die_with(os.getpid()),
            pass_fds=held,
        )

    return await start_logged(execute, log, hear)


async def start_logged(
    start: Callable[[int, int], Awaitable[Running]], log: Log, hear: Callable[[bytes], None]
) -> Child:
    """Have *start* make a process of a standard output and error; both end up in *log*."""
    reading, writing = os.pipe()
    output = log.open()
    try:
        process = await start(output, writing)
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(output)
        os.close(writing)
    return Child(process, asyncio.create_task(_pump(reading, log, hear)))


def _die_with(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        die_with_parent()
        if os.getppid() != parent:
            os._exit(1)

    return prepare


async def _pump(descriptor: int, log: Log, hear: Callable[[bytes], None]) -> None:
    # A pipe of our own: asyncio's would not let `wait` end before every grandchild closed it.
    stream = asyncio.StreamReader(limit=LINE_LIMIT)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", 0)
    )
    try:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # longer than the limit: dropped
                continue
            if not line:
                return
            hear(line)
            log.write(as_json_line(line, utcnow()))
    finally:
        transport.close()


def as_json_line(line: bytes, now: datetime) -> bytes:
    """Return *line* if it is a JSON object, else the object that says it, without secrets."""
    text = line.decode(errors="replace").strip()
    if text.startswith("{") and text.endswith("}"):
        return text.encode() + b"\n"
    from shared.logging import scrub  # noqa: PLC0415 - rarely needed, and 90 ms of imports

    level = "error"
    if found := NATS_LINE.match(text):
        level, text = LEVELS.get(found["level"], "info"), found["text"]
    stamp = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    entry = {"level": level, "timestamp": stamp, "event": scrub(text)}
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n"
