"""What a stranger tries at the one address: other paths, names and verbs than are his."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.local import PROCESSES, Processes
from tests.e2e.suite import PREFIX, Suite

INSIDE = ("/internal/users/digest/", "/metrics", "/ping", "/varz", "/api/rawdata", "/ready/")
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}
LISTENS = "0A"


async def ask(suite: Suite, target: str, *headers: str, host: str = "hpa") -> tuple[int, bytes]:
    """Send a request byte by byte as it is written here; return its status and body."""
    address, _, port = suite.running.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(address, int(port))
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", "Connection: close", *headers]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    try:
        async with asyncio.timeout(10):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
        await writer.wait_closed()
    return int(head.split()[1]), body


def open_files(pid: int) -> Iterator[Path]:
    """Yield what the descriptors of a process stand for; they may be closed meanwhile."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            yield link.readlink()


def listening(pids: list[int]) -> set[str]:
    """Return the addresses, in the kernel's hexadecimal, on which processes wait for callers."""
    mine = {str(link) for pid in pids for link in open_files(pid)}
    table = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return {
        row[1].partition(":")[0]
        for row in table
        if row[3] == LISTENS and f"socket:[{row[9]}]" in mine
    }


class TestTheInside:
    @pytest.mark.parametrize("path", INSIDE)
    @pytest.mark.parametrize(
        "form",
        ["{}", "//{}", "http://127.0.0.1{}", "/api/v1/exams/..{}", "/api/v1/exams/..;{}", "/.{}"],
    )
    async def test_has_no_path_from_outside(self, suite: Suite, path: str, form: str) -> None:
        token = (await suite.owner()).token

        status, body = await ask(suite, form.format(path), f"Authorization: Bearer {token}")

        assert status == 404
        assert b"Not found." in body or b"No Exam matches" in body

    @pytest.mark.parametrize("name", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri"])
    async def test_is_reached_by_no_header(self, suite: Suite, name: str) -> None:
        token = (await suite.owner()).token
        headers = (f"Authorization: Bearer {token}", f"{name}: {INSIDE[0]}")

        assert (await ask(suite, f"{PREFIX}/me/", *headers))[0] == 200
        assert (await ask(suite, f"{PREFIX}/me/", headers[1]))[0] == 401
        assert (await ask(suite, "/", *headers))[0] == 404

    async def test_is_reached_by_no_host(self, suite: Suite) -> None:
        for host in ("auth", "127.0.0.1:8222", "localhost", "[::1]"):
            assert (await ask(suite, INSIDE[0], host=host))[0] == 404

    @PROCESSES
    async def test_listens_on_this_machine_alone(self, suite: Suite) -> None:
        assert isinstance(suite.running, Processes)
        with socket.create_server(("0.0.0.0", 0)):  # noqa: S104 - so that the check can fail
            found = listening([*suite.running.processes(), os.getpid()])

        assert found - {"00000000"} <= LOOPBACK
        assert "00000000" in found
        assert listening(suite.running.processes()) <= LOOPBACK


class TestWhoAsks:
    async def test_is_told_by_one_token(self, suite: Suite) -> None:
        mine, owners = (await suite.known("student")).token, (await suite.owner()).token
        headers = [f"Authorization: Bearer {token}" for token in (mine, owners)]

        for both in (headers, headers[::-1], [f"{headers[0]}, Bearer {owners}"]):
            assert (await ask(suite, f"{PREFIX}/messages/", *both))[0] == 401

    async def test_is_no_verb_of_a_header(self, suite: Suite) -> None:
        owner = await suite.owner()
        subject = await owner.post("/subjects/", {"name": f"Fan {uuid4().hex[:8]}"})
        path = f"/subjects/{subject['id']}/"

        for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
            assert (await owner.ask("GET", path, headers={name: "DELETE"})).status_code == 200
        await owner.ask("GET", f"{path}?_method=DELETE")

        assert await owner.get(path) == subject

    async def test_is_no_other_address_for_saying_so(self, suite: Suite) -> None:
        body = {"username": f"yoq-{uuid4().hex[:12]}", "password": "Notogri-parol-1"}

        async def guess(number: int) -> int:
            address = f"203.0.113.{number}"
            headers = {
                "X-Forwarded-For": address,
                "X-Real-Ip": address,
                "Forwarded": f"for={address}",
            }
            body["password"] += "x"
            answer = await suite.nobody.ask("POST", "/login/", body, headers=headers)
            return answer.status_code

        assert [await guess(number) for number in range(8)] == [401] * 5 + [429] * 3


class TestADoubledKey:
    async def test_counts_as_its_last_value_for_every_check(self, suite: Suite) -> None:
        owner = await suite.owner()
        last = f"Fan {uuid4().hex[:8]}"
        json = {"Content-Type": "application/json"}

        async def send(content: str) -> tuple[int, object]:
            answer = await owner.ask("POST", "/subjects/", content=content.encode(), headers=json)
            return answer.status_code, answer.json().get("name")

        assert await send(f'{{"name": "", "name": "{last}"}}') == (201, last)
        assert (await send(f'{{"name": "{last} 2", "name": ""}}'))[0] == 400
