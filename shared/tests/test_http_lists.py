"""Lists: bare arrays in pieces, pages with their links."""

import json
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI

from shared.http.pagination import CHUNK, Page, json_list, json_stream
from shared.testing.tokens import TokenFactory

THINGS = "/api/v1/things/"


class TestJsonList:
    @pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
    async def test_is_one_array_however_many_pieces(self, count: int) -> None:
        answer = await json_list(range(count), lambda row: {"id": row})

        assert httpx2.Response(200, content=bytes(answer.body)).json() == [
            {"id": row} for row in range(count)
        ]

    async def test_takes_rows_as_they_are(self) -> None:
        assert bytes((await json_list([{"a": 1}])).body) == b'[{"a":1}]'


class TestPaging:
    async def test_without_a_limit_everything_comes_and_no_headers(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await client.get(THINGS, headers=tokens.headers())

        assert len(answer.json()) == 1000
        assert "x-total-count" not in answer.headers
        assert "link" not in answer.headers

    async def test_with_a_limit_tells_the_total_and_the_other_pages(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await client.get(
            f"{THINGS}?limit=10&offset=20&search=a%20b", headers=tokens.headers()
        )

        assert [row["id"] for row in answer.json()] == list(range(20, 30))
        assert answer.headers["x-total-count"] == "1000"
        links = {rel: link["url"] for rel, link in answer.links.items()}
        assert links == {
            "first": f"{THINGS}?search=a+b&limit=10&offset=0",
            "prev": f"{THINGS}?search=a+b&limit=10&offset=10",
            "next": f"{THINGS}?search=a+b&limit=10&offset=30",
            "last": f"{THINGS}?search=a+b&limit=10&offset=990",
        }

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("limit=x", "limit"),
            ("limit=0", "limit"),
            ("limit=-1", "limit"),
            ("limit=1e3", "limit"),
            ("limit=9223372036854775808", "limit"),
            (f"limit={'9' * 5000}", "limit"),
            ("offset=-1", "offset"),
            ("offset=%00", "offset"),
            ("search=a%00b", "search"),
        ],
        ids=range(9),
    )
    async def test_refuses_what_is_no_number(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, query: str, field: str
    ) -> None:
        answer = await client.get(f"{THINGS}?{query}", headers=tokens.headers())

        assert answer.status_code == 400
        assert list(answer.json()) == [field]

    async def test_takes_numbers_up_to_the_documented_one(
        self, client: httpx2.AsyncClient, things: FastAPI, tokens: TokenFactory
    ) -> None:
        parameters = things.openapi()["paths"][THINGS]["get"]["parameters"]
        most = {
            one["name"]: one["schema"]["maximum"]
            for one in parameters
            if "maximum" in one["schema"]
        }
        assert set(most) == {"limit", "offset"}

        for name, number in most.items():
            at_most, beyond = [
                await client.get(f"{THINGS}?{name}={value}", headers=tokens.headers())
                for value in (number, number + 1)
            ]
            assert (at_most.status_code, beyond.status_code) == (200, 400), name

    @pytest.mark.parametrize("query", ["limit=&offset=", "ordering=", "%ff=%ff", "a=b&&=", "?"])
    async def test_ignores_what_says_nothing(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, query: str
    ) -> None:
        answer = await client.get(f"{THINGS}?{query}", headers=tokens.headers())

        assert answer.status_code == 200


class TestLinks:
    @pytest.mark.parametrize(
        ("offset", "total", "expected"),
        [
            (0, 0, ["first", "last"]),
            (0, 10, ["first", "last"]),
            (0, 11, ["first", "next", "last"]),
            (10, 11, ["first", "prev", "last"]),
            (5, 100, ["first", "prev", "next", "last"]),
        ],
    )
    def test_name_the_pages_there_are(self, offset: int, total: int, expected: list[str]) -> None:
        link = Page(limit=10, offset=offset, path="/x/").link(total)

        assert [part.split('rel="')[1].rstrip('"') for part in link.split(", ")] == expected


class TestJsonStream:
    @pytest.mark.parametrize("pieces", [[], [[]], [[1]], [[1, 2], [3]], [[1], [], [2, 3]]])
    async def test_writes_what_comes_in_pieces_as_one_array(self, pieces: list[list[int]]) -> None:
        async def come() -> AsyncIterator[list[int]]:
            for piece in pieces:
                yield piece

        answer = await json_stream(come(), lambda row: {"id": row}, total=9, page=Page(limit=3))

        assert json.loads(bytes(answer.body)) == [{"id": row} for piece in pieces for row in piece]
        assert answer.headers["x-total-count"] == "9"
