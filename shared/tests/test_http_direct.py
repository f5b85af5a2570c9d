"""Routes are called directly where that means the same, and by FastAPI where it would not."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from shared.app import build_app
from shared.errors import Refused
from shared.http.direct import direct
from shared.http.replies import reply
from shared.settings import ServiceSettings
from shared.testing.plugin import MakeClient

router = APIRouter(prefix="/api/v1/calls")
order: list[str] = []


class Full(Refused):
    text = "Joy yo'q."


async def first(request: Request) -> str:
    order.append("first")
    return str(request.scope["method"])


async def second(before: Annotated[str, Depends(first)]) -> AsyncIterator[str]:
    order.append("second")
    yield before + "!"
    order.append("end of second")


def threaded() -> str:
    return "from a thread"


@router.get("/nested/")
async def nested(value: Annotated[str, Depends(second, scope="function")]) -> Response:
    order.append("route")
    return reply(value)


@router.get("/refused/", dependencies=[Depends(first)])
async def refused() -> Response:
    raise Full


@router.get("/query/")
async def with_query(number: Annotated[int, Query(ge=1)]) -> Response:
    return reply(number)


@router.get("/thread/")
async def with_thread(value: Annotated[str, Depends(threaded)]) -> Response:
    return reply(value)


@router.get("/model/")
async def with_model() -> dict[str, int]:
    return {"a": 1}


@pytest.fixture
def calls(things_settings: ServiceSettings) -> FastAPI:
    return build_app(
        name="things", title="T", description="T.", settings=things_settings, routers=[router]
    )


@pytest.fixture
async def client(calls: FastAPI, make_client: MakeClient) -> httpx2.AsyncClient:
    order.clear()
    return await make_client(calls)


async def get(client: httpx2.AsyncClient, name: str) -> Any:
    answer = await client.get(f"/api/v1/calls/{name}")
    return answer.status_code, answer.json()


class TestDirect:
    def test_calls_what_is_plain_and_leaves_the_rest_to_fastapi(self) -> None:
        routes = {route.path.split("/")[-2]: route for route in router.routes}  # type: ignore[attr-defined]

        is_direct = {name: direct(route, {}) is not route.app for name, route in routes.items()}  # type: ignore[attr-defined, arg-type]

        assert is_direct == {
            "nested": True,
            "refused": True,
            "query": False,
            "thread": False,
            "model": False,
        }

    async def test_gives_values_in_order_and_ends_contexts_before_the_answer(
        self, client: httpx2.AsyncClient
    ) -> None:
        assert await get(client, "nested/") == (200, "GET!")
        assert order == ["first", "second", "route", "end of second"]

    async def test_answers_a_refusal(self, client: httpx2.AsyncClient) -> None:
        assert await get(client, "refused/") == (400, {"error": "Joy yo'q."})
        assert order == ["first"]  # asked, though nobody takes its value

    async def test_leaves_others_as_they_were(self, client: httpx2.AsyncClient) -> None:
        assert await get(client, "query/?number=3") == (200, 3)
        assert (await get(client, "query/?number=0"))[0] == 400
        assert await get(client, "thread/") == (200, "from a thread")
        assert await get(client, "model/") == (200, {"a": 1})
