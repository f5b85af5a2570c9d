"""The processes: the API's document, and a sender that carries no web framework."""

import subprocess
import sys
from pathlib import Path

import httpx2
from fastapi import FastAPI

from services.messaging.tests import broadcast
from services.messaging.tests.fake_bot import FakeBot, Reply, refusal
from shared.db.engine import Database
from shared.testing import processes
from shared.testing.metrics import read_metrics
from shared.testing.waiting import eventually

SHOW = """
import sys, messaging.__main__
print(sorted({name.partition(".")[0] for name in sys.modules}))
"""


class TestTheSender:
    def test_loads_no_web_framework(self) -> None:
        shown = subprocess.run(
            [sys.executable, "-c", SHOW], capture_output=True, text=True, check=True
        ).stdout

        assert "sqlalchemy" in shown
        for name in ("fastapi", "starlette", "uvicorn", "nats", "alembic", "jwt"):
            assert f"'{name}'" not in shown

    async def test_ends_what_is_on_the_wire_at_sigterm(
        self, database: Database, telegram: FakeBot, tmp_path: Path
    ) -> None:
        await broadcast.write_to(database, 30)
        for student in range(broadcast.FIRST, broadcast.FIRST + 30):
            telegram.script[broadcast.chat_of(student)].append(Reply(seconds=0.3))
        url = database.url.render_as_string(hide_password=False)
        with broadcast.senders(url, telegram, tmp_path) as senders:
            senders.start()
            await eventually(lambda: calls(telegram), until=lambda count: count >= 5)
            codes = senders.stop()
            log = senders.log

        logs = await broadcast.states(database)
        assert codes == [0]
        assert {one.status for one in logs} == {"pending", "sent"}
        assert sum(one.status == "sent" for one in logs) == len(telegram.calls)
        assert "error" not in log.lower()


class TestTheSendersMetrics:
    async def test_tell_what_came_of_calls_and_what_waits(
        self, database: Database, telegram: FakeBot, tmp_path: Path
    ) -> None:
        await broadcast.write_to(database, 3)
        telegram.script[broadcast.chat_of(broadcast.FIRST)].append(
            refusal(403, "Forbidden: blocked")
        )
        url = database.url.render_as_string(hide_password=False)
        port = processes.free_port()
        with broadcast.senders(url, telegram, tmp_path, PORT=str(port)) as senders:
            senders.start()
            await eventually(lambda: broadcast.waiting(database), until=lambda left: left == 0)
            async with httpx2.AsyncClient(trust_env=False) as client:
                found = read_metrics((await client.get(f"http://127.0.0.1:{port}/metrics")).text)
            senders.stop()

        sendings = "hpa_telegram_sendings_total"
        assert found.of(sendings, outcome="sent") == 2
        assert found.of(sendings, outcome="refused") == 1
        assert found.of(sendings, outcome="slow_down") == 0
        assert (sendings, frozenset({("outcome", "slow_down")})) in found
        assert found.of("hpa_messages_pending") == 0
        assert str(broadcast.chat_of(broadcast.FIRST)) not in str(list(found))


async def calls(telegram: FakeBot) -> int:
    return len(telegram.calls)


class TestTheDocument:
    def test_describes_every_route(self, app: FastAPI) -> None:
        paths = app.openapi()["paths"]

        assert {(path, method) for path, item in paths.items() for method in item} == {
            ("/api/v1/messages/", "get"),
            ("/api/v1/messages/", "post"),
            ("/api/v1/messages/{message_id}/", "get"),
            ("/api/v1/messages/{message_id}/", "put"),
            ("/api/v1/messages/{message_id}/", "patch"),
            ("/api/v1/messages/{message_id}/", "delete"),
            ("/api/v1/messages/{message_id}/retry/", "post"),
            ("/api/v1/messages/{message_id}/progress/", "get"),
            ("/api/v1/telegram/link/", "post"),
            ("/api/v1/telegram/links/", "get"),
            ("/api/v1/telegram/webhook/", "post"),
        }

    def test_shows_the_public_states_only(self, app: FastAPI) -> None:
        log = app.openapi()["components"]["schemas"]["MessageLogOut"]

        assert log["properties"]["status"]["enum"] == ["pending", "sent", "failed"]
