"""A broadcast by real sender processes, and the judge of how it ended."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select

from messaging.domain.delivery import UNKNOWN
from messaging.domain.draft import Draft
from messaging.models import MessageLog
from messaging.service import messages as service
from services.messaging.tests.conftest import told
from services.messaging.tests.fake_bot import TOKEN, FakeBot
from shared.clock import utcnow
from shared.db.engine import Database
from shared.db.upsert import insert_newer
from shared.testing import processes
from shared.testing.tokens import SERVICE_SECRET
from shared.users import UserReplica
from shared.users.replica import row_of

Process = subprocess.Popen[bytes]
FIRST: Final = 10_000
PARALLEL: Final = 16
TIMEOUT: Final = 3.0


@dataclass
class Senders:
    """Sender processes of one service."""

    database_url: str
    bot: FakeBot
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    running: list[Process] = field(default_factory=list)

    def start(self) -> Process:
        """Start one more."""
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),  # of a copy that was broken on purpose
            "DATABASE_URL": self.database_url,
            "SERVICE_SECRET": SERVICE_SECRET,
            "MIGRATE_ON_START": "false",
            "PORT": "0",
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_BASE": self.bot.url,
            "TELEGRAM_TIMEOUT": str(TIMEOUT),
            "TELEGRAM_PARALLEL": str(PARALLEL),
            **self.settings,
        }
        argv = [sys.executable, "-m", "messaging", "sender"]
        process = processes.start(argv, log=self.folder / "sender.log", env=env)
        self.running.append(process)
        return process

    def kill(self, process: Process) -> None:
        """Kill one as a power cut would."""
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        self.running.remove(process)

    def stop(self) -> list[int]:
        """Ask all to end, wait for it, and return their exit codes."""
        for process in self.running:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
        return [process.wait(20) for process in self.running]

    @property
    def log(self) -> str:
        return (self.folder / "sender.log").read_text()


@contextmanager
def senders(database_url: str, bot: FakeBot, folder: Path, **settings: str) -> Iterator[Senders]:
    """Give senders that are gone at the end, whatever happens."""
    started = Senders(database_url, bot, folder, settings)
    try:
        yield started
    finally:
        for process in started.running:
            process.kill()
            process.wait()


def chat_of(student: int) -> int:
    return student + 1_000_000


async def write_to(database: Database, count: int, text: str = "Salom") -> int:
    """Let *count* students be known, write to all of them and return the message's id."""
    students = range(FIRST, FIRST + count)
    rows = [row_of(told(each, telegram_id=chat_of(each))) for each in students]
    async with database.transaction() as tx:
        await insert_newer(tx, UserReplica, rows)
    async with database.transaction() as tx:
        draft = Draft(text, students, sent_by=3, now=utcnow())
        written = await service.create_message(tx, draft)
    return int(written.id)


async def states(database: Database) -> list[Any]:
    """Return every log as it is stored."""
    async with database.reading() as view:
        return list(await view.scalars(select(MessageLog).order_by(MessageLog.id)))


async def waiting(database: Database) -> int:
    """Return how many logs have not come to an end."""
    ended = MessageLog.status.in_(("sent", "failed"))
    async with database.reading() as view:
        return int(await view.scalar(select(func.count()).where(~ended)) or 0)


def violations(
    logs: Sequence[Any], delivered: Counter[int], *, doubtful: int, chats: dict[int, int]
) -> list[str]:
    """Say what is wrong with the end of a broadcast: each rule of promise 12."""
    found = [f"chat {chat} got {count}" for chat, count in delivered.items() if count > 1]
    in_doubt = 0
    for log in logs:
        got = delivered[chats[log.recipient_id]]
        is_unknown = log.status == "failed" and log.error == UNKNOWN
        in_doubt += is_unknown
        if log.status in {"pending", "sending"}:
            found.append(f"log {log.id} is still {log.status}")
        elif log.status == "sent" and got != 1:
            found.append(f"log {log.id} is sent and its chat got {got}")
        elif log.status == "failed" and not is_unknown and got:
            found.append(f"log {log.id} failed ({log.error}) and its chat got {got}")
    if in_doubt > doubtful:
        found.append(f"{in_doubt} are in doubt, {doubtful} may be")
    return found
