"""The edge: request ids, bounded bodies, headers, shedding, and no state left behind."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import orjson
import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from shared.app import build_app
from shared.http import middleware
from shared.http.load import Limits, Load
from shared.http.middleware import Edge
from shared.settings import ServiceSettings
from shared.testing.plugin import MakeClient
from shared.testing.tokens import TokenFactory

THINGS = "/api/v1/things/"
OPEN = f"{THINGS}open/"
MIB = 1024 * 1024


async def pieces(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * size


class TestRequestId:
    async def test_is_taken_over(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(OPEN, headers={"X-Request-Id": "abc-DEF_1"})

        assert answer.headers["x-request-id"] == "abc-DEF_1"

    @pytest.mark.parametrize("bad", ["", "a b", "x" * 65, "<script>", "a\tb", "é"])
    async def test_is_made_anew_when_it_is_no_id(
        self, client: httpx2.AsyncClient, bad: str
    ) -> None:
        answer = await client.get(OPEN, headers=[(b"X-Request-Id", bad.encode())])

        assert len(answer.headers["x-request-id"]) == 32

    async def test_stands_on_every_answer(self, client: httpx2.AsyncClient) -> None:
        for path in ("/nix/", f"{THINGS}fault/", THINGS):
            assert (await client.get(path)).headers["x-request-id"]


class TestHeaders:
    @pytest.mark.parametrize("path", [OPEN, THINGS, "/nix/", f"{THINGS}fault/", "/health/"])
    async def test_protect_every_answer(self, client: httpx2.AsyncClient, path: str) -> None:
        headers = (await client.get(path)).headers

        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers

    async def test_cors_is_off_unless_configured(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(OPEN, headers={"Origin": "https://evil.example"})

        assert not [name for name in answer.headers if name.startswith("access-control")]

    async def test_cors_lets_the_configured_origin_in(
        self, things_settings: ServiceSettings, make_client: MakeClient
    ) -> None:
        settings = things_settings.model_copy(update={"cors_origins": "https://hpa.example"})
        app = build_app(
            name="things", title="Things", description=".", settings=settings, routers=[]
        )
        client = await make_client(app)

        good = await client.get("/health/", headers={"Origin": "https://hpa.example"})
        bad = await client.get("/health/", headers={"Origin": "https://evil.example"})

        assert good.headers["access-control-allow-origin"] == "https://hpa.example"
        assert "access-control-allow-origin" not in bad.headers


class TestBodies:
    @pytest.mark.parametrize("size", [MIB + 1, 5 * MIB])
    async def test_over_a_mebibyte_are_413(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, size: int
    ) -> None:
        headers = {**tokens.headers(), "Content-Type": "application/json"}

        answer = await client.post(THINGS, content=b" " * size, headers=headers)

        assert answer.status_code == 413
        assert answer.json() == {"detail": "Request body too large."}

    async def test_are_counted_when_they_come_in_pieces(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        headers = {**tokens.headers(), "Content-Type": "application/json"}

        answer = await client.post(THINGS, content=pieces(64 * 1024, 17), headers=headers)

        assert answer.status_code == 413

    async def test_of_exactly_a_mebibyte_are_read(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        headers = {**tokens.headers(), "Content-Type": "application/json"}
        body = orjson.dumps({"title": "a", "owner": 1, "day": "2026-02-20"}).ljust(MIB)

        for content in (body, pieces_of(body)):
            answer = await client.post(THINGS, content=content, headers=headers)
            assert answer.status_code == 201

    @pytest.mark.parametrize("length", [b"x", b"-1", b"9" * 50, b""])
    async def test_with_a_strange_length_are_400(self, things: FastAPI, length: bytes) -> None:
        answer = await call(things, [(b"content-length", length)], [b"{}"])

        assert answer["status"] == 400

    async def test_that_never_end_are_cut(
        self, things: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(middleware, "BODY_SECONDS", 0.05)

        answer = await call(things, [], [b"{", None])

        assert answer["status"] == 408
        assert (b"connection", b"close") in answer["headers"]

    async def test_whose_sender_went_away_are_forgotten(self, things: FastAPI) -> None:
        assert await call(things, [], [b"{"]) == {}


async def pieces_of(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 100_000):
        yield body[start : start + 100_000]


async def call(
    app: FastAPI, headers: list[tuple[bytes, bytes]], chunks: list[bytes | None]
) -> Message:
    """Speak ASGI to *app*: each chunk says that more follows; None hangs, the end is a hang-up."""
    sent: list[Message] = []
    waiting = iter(chunks)

    async def receive() -> Message:
        chunk = next(waiting, b"\xff")
        if chunk is None:
            await asyncio.Event().wait()
        if chunk == b"\xff":
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": THINGS,
        "raw_path": THINGS.encode(),
        "query_string": b"",
        "headers": headers,
    }
    await app(scope, receive, send)
    return sent[0] if sent else {}


class TestLoad:
    def test_sheds_reads_before_writes(self) -> None:
        load = Load(Limits(reads=100, total=10, least=1, share_with_reads=0.5))
        for _ in range(5):
            load.enter(is_read=False)

        assert not load.has_room(is_read=True)
        assert load.has_room(is_read=False)

        for _ in range(5):
            load.enter(is_read=False)
        assert not load.has_room(is_read=False)

    def test_bounds_reads_by_themselves(self) -> None:
        load = Load(Limits(reads=2, total=10))
        load.enter(is_read=True)
        load.enter(is_read=True)

        assert not load.has_room(is_read=True)
        assert load.has_room(is_read=False)

    def test_takes_on_less_when_answers_get_slow_and_recovers(self) -> None:
        load = Load(Limits(total=100, least=10))
        for _ in range(50):
            load.enter(is_read=False)

        load.leave(2.0, is_read=False)
        cut = load.bound
        load.leave(2.0, is_read=False)

        assert cut == 50 * 0.85
        assert load.bound == cut, "one cut at a time: what was slow was let in before it"
        for _ in range(48):
            load.leave(0.1, is_read=False)
        assert load.bound > cut

    def test_never_shrinks_below_its_least(self) -> None:
        load = Load(Limits(total=100, least=10))
        for _ in range(50):
            load._next_cut = 0
            load.enter(is_read=False)
            load.leave(5.0, is_read=False)

        assert load.bound == 10

    def test_learns_nothing_from_what_is_slow_by_design(self) -> None:
        load = Load(Limits(total=100))
        load.enter(is_read=False)
        load.leave(None, is_read=False)

        assert load.bound == 100


class TestShedding:
    async def test_is_quick_says_when_to_come_again_and_ends(
        self, things: FastAPI, client: httpx2.AsyncClient
    ) -> None:
        edge = edge_of(things)
        edge.load.bound = 1
        edge.load.writes = 1

        answers = [await client.get(OPEN) for _ in range(20)]

        assert {answer.status_code for answer in answers} == {503}
        assert {answer.headers["retry-after"] for answer in answers} <= {"1", "2", "3"}
        assert answers[0].json()["detail"]
        assert (await client.get("/health/")).status_code == 200
        assert (await client.get("/internal/things/")).status_code == 401
        edge.load.writes = 0
        assert (await client.get(OPEN)).status_code == 200

    async def test_every_request_is_counted_out_again(
        self, things: FastAPI, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        edge = edge_of(things)
        for path in (OPEN, THINGS, "/nix/", f"{THINGS}fault/"):
            await client.get(path)
            await client.post(path, json={}, headers=tokens.headers())

        assert (edge.load.reads, edge.load.writes) == (0, 0)


def edge_of(app: FastAPI) -> Edge:
    if app.middleware_stack is None:
        app.middleware_stack = app.build_middleware_stack()
    assert isinstance(app.middleware_stack, Edge)
    return app.middleware_stack


class TestDeadlines:
    async def test_a_path_may_have_its_own(
        self, things_settings: ServiceSettings, make_client: MakeClient
    ) -> None:
        async def slow(_: Scope, __: Receive, send: Send) -> None:
            await asyncio.sleep(0.05)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        app = build_app(
            name="things",
            title="Things",
            description=".",
            settings=things_settings.model_copy(update={"request_seconds": 0.01}),
            routers=[],
            deadlines={"/login/": 5},
        )
        edge_of(app).app = slow
        client = await make_client(app)

        assert (await client.get("/login")).status_code == 200
        assert (await client.get("/other/")).status_code == 503


class TestAccessLog:
    async def test_tells_what_happened_without_secrets(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, capsysbinary: Any
    ) -> None:
        token = tokens.access()
        headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "abc"}

        await client.get(f"{THINGS}me/?token=geheim&code=ABC", headers=headers)
        await client.get(f"/{token}/", headers=headers)

        out = capsysbinary.readouterr().out
        line = orjson.loads(next(one for one in out.splitlines() if b'"request"' in one))
        assert (line["event"], line["method"], line["path"], line["status"]) == (
            "request",
            "GET",
            f"{THINGS}me/",
            200,
        )
        assert line["request_id"] == "abc"
        assert b"geheim" not in out
        assert token.encode() not in out

    async def test_leaves_health_checks_out(
        self, client: httpx2.AsyncClient, capsysbinary: Any
    ) -> None:
        await client.get("/health/")

        assert b"/health/" not in capsysbinary.readouterr().out
