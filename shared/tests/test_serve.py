"""The server: it goes away without losing a request, says nothing of itself, and ends with 0."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import orjson
import pytest

from shared.testing import processes
from shared.testing.tokens import SERVICE_SECRET

SERVICE = """
import asyncio
from pathlib import Path
from fastapi import APIRouter
from starlette.responses import Response
from shared import server
from shared.app import build_app
from shared.http.replies import reply
from shared.serve import serve
from shared.settings import ServiceSettings

server.TICK_SECONDS = 3600.0  # what a signal asks for must not wait for a tick

router = APIRouter(prefix="/api/v1")

@router.get("/quick/")
async def quick() -> Response:
    return reply("quick")

@router.get("/slow/")
async def slow() -> Response:
    Path(__file__).with_name("begun").touch()
    await asyncio.sleep(1)
    return reply("slow")

@router.post("/write/")
async def write() -> Response:
    await asyncio.sleep(0.3)
    Path(__file__).with_name("written").touch()
    return reply("written")

def create_app(settings):
    return build_app(
        name="things", title="Things", description=".", settings=settings, routers=[router]
    )

serve(create_app, ServiceSettings)
"""
Start = Callable[[float], tuple["subprocess.Popen[bytes]", httpx2.Client]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the service above; its output is in `log`."""
    script = tmp_path / "things.py"
    script.write_text(SERVICE)
    with ExitStack() as stack:

        def run(drain_seconds: float) -> tuple["subprocess.Popen[bytes]", httpx2.Client]:
            port = processes.free_port()
            environment = {
                **os.environ,
                "PORT": str(port),
                "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/things.sqlite3",
                "SERVICE_SECRET": SERVICE_SECRET,
                "MIGRATE_ON_START": "false",
                "DRAIN_SECONDS": str(drain_seconds),
            }
            process = processes.start(
                [sys.executable, script], log=tmp_path / "log", env=environment
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
            stack.callback(client.close)
            wait_until(lambda: answers(client), seconds=20)
            return process, client

        yield run


def answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/health/").status_code == 200
    except httpx2.TransportError:
        return False


def wait_until(condition: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class TestSigterm:
    def test_makes_unready_serves_on_finishes_and_ends_with_0(
        self, start: Start, tmp_path: Path
    ) -> None:
        process, client = start(60)
        assert client.get("/api/v1/quick/").headers.get("connection") is None

        process.send_signal(signal.SIGTERM)
        wait_until(lambda: not answers(client), seconds=10)

        health = client.get("/health/")
        assert (health.status_code, health.json()) == (503, {"status": "draining"})
        during = client.get("/api/v1/quick/")
        assert (during.status_code, during.json()) == (200, "quick")
        assert during.headers["connection"] == "close"
        with ThreadPoolExecutor(1) as pool:
            # This one is still under way when the server stops to listen.
            slow = pool.submit(client.get, "/api/v1/slow/")
            wait_until((tmp_path / "begun").exists, seconds=10)
            process.send_signal(signal.SIGTERM)
            assert slow.result().json() == "slow"
        assert process.wait(10) == 0

    def test_a_second_one_skips_the_wait(self, start: Start) -> None:
        process, client = start(60)
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: not answers(client), seconds=10)

        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 0

    def test_an_idle_connection_holds_nobody_up(self, start: Start) -> None:
        process, client = start(0)
        with socket.create_connection((client.base_url.host, client.base_url.port or 0)):
            client.get("/api/v1/quick/")
            process.send_signal(signal.SIGTERM)

            assert process.wait(10) == 0  # of the 20 s that a request would be waited for


class TestHangingUp:
    def test_does_not_stop_what_was_begun(self, start: Start, tmp_path: Path) -> None:
        _, client = start(0)
        address = (client.base_url.host, client.base_url.port or 0)
        with socket.create_connection(address) as impatient:
            impatient.sendall(
                b"POST /api/v1/write/ HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
            )

        wait_until((tmp_path / "written").exists, seconds=10)


class TestSigint:
    def test_ends_at_once_with_0(self, start: Start) -> None:
        process, _ = start(60)

        process.send_signal(signal.SIGINT)

        assert process.wait(10) == 0


class TestOutput:
    def test_is_json_lines_and_nothing_else(self, start: Start, tmp_path: Path) -> None:
        process, client = start(0)
        client.get("/api/v1/quick/?a=geheim")
        client.get("/nix/")
        process.send_signal(signal.SIGTERM)
        process.wait(10)

        out = (tmp_path / "log").read_bytes()
        lines = [orjson.loads(line) for line in out.splitlines()]
        paths = [line["path"] for line in lines if line["event"] == "request"]
        assert paths == ["/api/v1/quick/", "/nix/"]
        assert b"geheim" not in out

    def test_names_no_server(self, start: Start) -> None:
        _, client = start(0)
        headers = client.get("/api/v1/quick/").headers

        assert "server" not in headers
        assert "date" in headers
