"""
Figures of the messaging service; run it where nothing else runs.

`make bench-messaging`: on SQLite, then on a PostgreSQL server from a wheel.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from sqlalchemy import delete

from messaging.models import Message, TelegramChat
from services.messaging.tests import broadcast
from services.messaging.tests.fake_bot import FakeBot, fake_bot
from shared.db.engine import Database
from shared.db.migrate import upgrade
from shared.testing import postgres, processes
from shared.testing.tokens import SERVICE_SECRET, TokenFactory
from shared.testing.waiting import eventually

RECIPIENTS = 1000
POSTS = 10
MAX_POST_MS = 150
LIMITED = 300


@contextmanager
def api(database_url: str, folder: Path, tokens: TokenFactory) -> Iterator[str]:
    """Run the API as a process and give its address."""
    port = processes.free_port()
    env = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "DATABASE_URL": database_url,
        "SERVICE_SECRET": SERVICE_SECRET,
        "JWKS_CACHE": str(tokens.jwks_file),
    }
    argv = [sys.executable, "-m", "messaging"]
    process = processes.start(argv, log=folder / "api.log", env=env)
    try:
        processes.wait_until(lambda: processes.listens(port), seconds=20, what="the API starts")
        yield f"http://127.0.0.1:{port}/api/v1/messages/"
    finally:
        process.kill()
        process.wait()


async def measure_posts(url: str, tokens: TokenFactory) -> list[float]:
    """Return how many milliseconds each POST to 1000 students took."""
    students = list(range(broadcast.FIRST, broadcast.FIRST + RECIPIENTS))
    body = {"text": "Ertaga <b>imtihon</b> bor", "recipient_ids": students}
    took = []
    async with httpx2.AsyncClient(headers=tokens.headers(3, "employee"), timeout=10) as client:
        for _ in range(POSTS):
            began = time.perf_counter()
            answer = await client.post(url, json=body)
            took.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 201, answer.text
            assert len(answer.json()["logs"]) == RECIPIENTS
    return took


async def measure_sending(
    database: Database, bot: FakeBot, folder: Path, *, rate: float, count: int
) -> float:
    """Return the sends per second of one sender, between the first and the last."""
    async with database.transaction() as tx:
        await tx.execute(delete(Message))
        await tx.execute(delete(TelegramChat))
    await broadcast.write_to(database, count)
    url = database.url.render_as_string(hide_password=False)
    with broadcast.senders(
        url, bot, folder, TELEGRAM_RATE=str(rate), TELEGRAM_PARALLEL="32"
    ) as senders:
        senders.start()
        await eventually(_waiting(database), until=lambda left: left == 0, seconds=600)
        senders.stop()
    assert len(bot.calls) == count
    return (count - 1) / (bot.calls[-1][0] - bot.calls[0][0])


def _waiting(database: Database) -> Callable[[], Awaitable[int]]:
    async def waiting() -> int:
        await asyncio.sleep(0.2)
        return await broadcast.waiting(database)

    return waiting


async def measure(database: Database, folder: Path) -> None:
    """Print every figure."""
    tokens = TokenFactory(folder)
    await broadcast.write_to(database, RECIPIENTS)  # so the students are known
    url = database.url.render_as_string(hide_password=False)
    with api(url, folder, tokens) as address:
        took = await measure_posts(address, tokens)
    say(
        f"POST to {RECIPIENTS}: first {took[0]:.0f} ms, then {statistics.median(took[1:]):.0f} ms,"
        f" worst of them {max(took[1:]):.0f} ms (allowed {MAX_POST_MS})"
    )
    with fake_bot() as bot:
        fast = await measure_sending(database, bot, folder, rate=1e6, count=RECIPIENTS)
        say(f"limit lifted: {fast:.0f} a second")
    with fake_bot() as bot:
        slow = await measure_sending(database, bot, folder, rate=25, count=LIMITED)
        say(f"limit of 25: {slow:.2f} a second, {bot.busiest()} in the busiest second")
        ends = LIMITED / slow
        say(f"{LIMITED} end in {ends:.1f} s (allowed {LIMITED / 25 * 1.2:.1f} s, and pauses)")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url or f"sqlite+aiosqlite:///{folder}/messaging.sqlite3")
        await upgrade("messaging", database)
        say(database.dialect)
        await measure(database, Path(folder))
        await database.close()


def run() -> None:
    """Measure on both kinds of database."""
    asyncio.run(main(""))
    server = postgres.PostgresServer()
    try:
        asyncio.run(postgres.execute(f"{server.url}/postgres", "CREATE DATABASE messaging"))
        asyncio.run(main(server.url.replace("://", "+asyncpg://") + "/messaging"))
    finally:
        server.stop()


if __name__ == "__main__":
    run()
