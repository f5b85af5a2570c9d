"""T1 and T2: a broadcast to a hostile Telegram while the sender is killed, frozen and doubled."""

import signal
import time
from collections import Counter, deque
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from messaging.domain.delivery import UNKNOWN
from services.messaging.tests import broadcast, fake_bot
from services.messaging.tests.broadcast import FIRST, PARALLEL, Process, chat_of
from services.messaging.tests.fake_bot import FakeBot, Reply
from shared.db.engine import Database
from shared.testing.waiting import eventually

HOSTILE: Final[dict[str, Reply]] = {
    "429": fake_bot.too_many(1),
    "500": fake_bot.FAULT,
    "502": fake_bot.BAD_GATEWAY,
    "hang": fake_bot.HANGS,
    "reset": fake_bot.RESETS,
    "403": fake_bot.BLOCKED,
}
DOUBTFUL: Final = ("502", "hang", "reset")


def make_hostile(bot: FakeBot, count: int, share: float = 0.05) -> dict[str, list[int]]:
    """Let a share of the chats meet each kind of trouble once, spread over the broadcast."""
    each = round(count * share)
    step = count // (each * len(HOSTILE))
    victims: dict[str, list[int]] = {}
    for place, (name, reply) in enumerate(HOSTILE.items()):
        students = [FIRST + (n * len(HOSTILE) + place) * step for n in range(each)]
        victims[name] = [chat_of(student) for student in students]
        for chat in victims[name]:
            bot.script[chat] = deque([reply])
    return victims


async def judge(
    database: Database, bot: FakeBot, victims: dict[str, list[int]], *, kills: int
) -> list[str]:
    logs = await broadcast.states(database)
    scripted = sum(len(victims[name]) for name in DOUBTFUL)
    chats = {log.recipient_id: chat_of(log.recipient_id) for log in logs}
    return broadcast.violations(
        logs, bot.delivered, doubtful=scripted + PARALLEL * kills, chats=chats
    )


async def run(
    database: Database, bot: FakeBot, folder: Path, *, count: int, kills: int, rate: int
) -> float:
    """
    Send to *count* students, killing the sender *kills* times; return how long it took.

    The time in which a process starts is left out: how long that is, is the machine's affair.
    """
    victims = make_hostile(bot, count)
    await broadcast.write_to(database, count)
    url = database.url.render_as_string(hide_password=False)
    with broadcast.senders(url, bot, folder, TELEGRAM_RATE=str(rate)) as senders:
        nobody = [time.monotonic()]
        for kill in range(1, kills + 1):
            sender = senders.start()
            await _reach(bot, count * kill // (kills + 1), seconds=240)
            senders.kill(sender)
            nobody.append(time.monotonic())
        senders.start()
        await eventually(lambda: broadcast.waiting(database), until=lambda n: n == 0, seconds=300)
        took = time.monotonic() - nobody[0] - sum(_silence_after(bot, one) for one in nobody)
        assert senders.stop() == [0]
        assert fake_bot.TOKEN not in senders.log

    assert await judge(database, bot, victims, kills=kills) == []
    logs = {chat_of(log.recipient_id): log for log in await broadcast.states(database)}
    assert all(logs[chat].error for chat in victims["403"])
    if not kills:
        assert all(logs[chat].status == "sent" for chat in victims["429"] + victims["500"])
        assert all(logs[chat].error == UNKNOWN for name in DOUBTFUL for chat in victims[name])
    return took


def _silence_after(bot: FakeBot, moment: float) -> float:
    """Return the seconds until the next call; the last ones of a killed sender may come late."""
    return next(at for at, _, _ in bot.calls if at > moment + 0.2) - moment


async def _reach(bot: FakeBot, goal: int, seconds: float = 10) -> None:
    async def calls() -> int:
        return len(bot.calls)

    await eventually(calls, until=lambda count: count >= goal, seconds=seconds)


class TestABroadcast:
    async def test_survives_a_hostile_telegram_and_a_killed_sender(
        self, database: Database, telegram: FakeBot, tmp_path: Path
    ) -> None:
        await run(database, telegram, tmp_path, count=150, kills=2, rate=200)

    async def test_is_never_doubled_by_a_replica_that_was_frozen_past_its_lease(
        self, database: Database, telegram: FakeBot, tmp_path: Path
    ) -> None:
        count = 200
        await broadcast.write_to(database, count)
        for student in range(FIRST, FIRST + count):
            telegram.script[chat_of(student)] = deque([Reply(seconds=0.3)])
        url = database.url.render_as_string(hide_password=False)
        with broadcast.senders(url, telegram, tmp_path, TELEGRAM_RATE="60") as senders:
            replicas = [senders.start() for _ in range(3)]
            await _reach(telegram, count // 4)
            await _freeze(telegram, replicas[0])
            await eventually(
                lambda: broadcast.waiting(database), until=lambda n: n == 0, seconds=60
            )
            before = len(telegram.calls)
            assert senders.stop() == [0, 0, 0]

        logs = await broadcast.states(database)
        chats = {log.recipient_id: chat_of(log.recipient_id) for log in logs}
        assert broadcast.violations(logs, telegram.delivered, doubtful=PARALLEL, chats=chats) == []
        assert len(telegram.calls) == before

    @pytest.mark.chaos
    @pytest.mark.parametrize("kills", [0, 5])
    async def test_of_2000_survives_five_kills_in_time(
        self, database: Database, telegram: FakeBot, tmp_path: Path, kills: int
    ) -> None:
        count = 2000

        took = await run(database, telegram, tmp_path, count=count, kills=kills, rate=25)

        pauses = len(make_hostile(FakeBot(), count)["429"])
        # Over ten seconds, in which it does not count how busy the machine is.
        assert telegram.busiest(10) <= 250
        assert took <= (count / 25 + pauses) * 1.2


async def _freeze(bot: FakeBot, process: Process) -> None:
    """Freeze a replica where it does not hold the database's lock: the others must go on."""
    for _ in range(20):
        process.send_signal(signal.SIGSTOP)
        try:
            await _reach(bot, len(bot.calls) + 20, seconds=4)
        except AssertionError:
            process.send_signal(signal.SIGCONT)
            await _reach(bot, len(bot.calls) + 1)
        else:
            return
    pytest.fail("the replica always held the lock")


class TestTheJudge:
    """It finds what was planted, or the tests above prove nothing."""

    @pytest.mark.parametrize(
        ("status", "error", "got", "finding"),
        [
            ("sent", None, 2, "got 2"),
            ("sent", None, 0, "is sent and its chat got 0"),
            ("failed", "Forbidden", 1, "failed (Forbidden) and its chat got 1"),
            ("pending", None, 0, "still pending"),
            ("sending", None, 1, "still sending"),
            ("failed", UNKNOWN, 1, "1 are in doubt, 0 may be"),
        ],
    )
    def test_finds(self, status: str, error: str | None, got: int, finding: str) -> None:
        log = SimpleNamespace(id=1, recipient_id=7, status=status, error=error)

        found = broadcast.violations([log], Counter({70: got}), doubtful=0, chats={7: 70})

        assert any(finding in one for one in found)

    def test_finds_nothing_where_all_is_well(self) -> None:
        logs = [
            SimpleNamespace(id=1, recipient_id=7, status="sent", error=None),
            SimpleNamespace(id=2, recipient_id=8, status="failed", error="Forbidden"),
            SimpleNamespace(id=3, recipient_id=9, status="failed", error=UNKNOWN),
        ]

        assert not broadcast.violations(
            logs, Counter({70: 1, 90: 1}), doubtful=1, chats={7: 70, 8: 80, 9: 90}
        )
