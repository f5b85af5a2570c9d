"""`?limit=&offset=&ordering=&search=`, and lists written as bytes."""

import asyncio
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import Depends
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import Invalid
from shared.http import messages
from shared.http.replies import JSON, dumps

Row = TypeVar("Row")
CHUNK: Final = 200
MAX_SEARCH: Final = 200
MAX_DIGITS: Final = 18
"""Of a limit or an offset: any number of so many digits fits into 64 bits."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted; without `limit`, everything from `offset` on."""

    limit: int | None = None
    offset: int = 0
    ordering: tuple[str, ...] = ()
    """Names of fields, `-` in front for descending; only names the route allows."""
    search: str = ""
    path: str = ""
    query: tuple[tuple[str, str], ...] = ()

    def link(self, total: int) -> str:
        """Return the `Link` header: first, previous, next and last page."""
        if self.limit is None:
            return ""
        last = max(0, (total - 1) // self.limit * self.limit)
        at = {
            "first": 0,
            "prev": max(0, self.offset - self.limit),
            "next": self.offset + self.limit,
        }
        if self.offset <= 0:
            del at["prev"]
        if at["next"] >= total:
            del at["next"]
        return ", ".join(
            f'<{self._url(to)}>; rel="{rel}"' for rel, to in {**at, "last": last}.items()
        )

    def _url(self, offset: int) -> str:
        kept = [(name, value) for name, value in self.query if name not in {"limit", "offset"}]
        return f"{self.path}?{urlencode([*kept, ('limit', self.limit), ('offset', offset)])}"


class Paging:
    """The dependency behind `paging`; `parameters` goes into the document."""

    def __init__(self, ordering: tuple[str, ...], *, search: bool) -> None:
        """Allow ordering by these fields."""
        self.ordering = ordering
        self.search = search
        self.parameters = list(_documented(ordering, search=search))

    async def __call__(self, request: Request) -> Page:
        """Return the page asked for. Raises `Invalid` for a limit or offset that is no number."""
        if not request.scope["query_string"]:
            return WHOLE
        query = request.query_params
        return Page(
            limit=_number(query, "limit", 1),
            offset=_number(query, "offset", 0) or 0,
            ordering=self._ordering(query.get("ordering", "")),
            search=_search(query) if self.search else "",
            path=request.scope["path"],
            query=tuple(query.multi_items()),
        )

    def _ordering(self, text: str) -> tuple[str, ...]:
        """Keep what is allowed and drop the rest, as DRF does."""
        names = (name.strip() for name in text.split(",")[:10])
        allowed = (name for name in names if name.removeprefix("-") in self.ordering)
        return tuple(dict.fromkeys(allowed))


WHOLE: Final = Page()


def paging(*ordering: str, search: bool = True) -> Any:  # noqa: ANN401 - what FastAPI's markers return
    """Read the page; *ordering* names the fields to order by. Stands in `Annotated[Page, …]`."""
    return Depends(Paging(ordering, search=search))


def _number(query: QueryParams, name: str, least: int) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise Invalid.field(name, messages.INTEGER)
    number = int(text)
    if number < least:
        raise Invalid.field(name, f"Ensure this value is greater than or equal to {least}.")
    return number


def _search(query: QueryParams) -> str:
    text = query.get("search", "").strip()
    if "\x00" in text:
        raise Invalid({"search": [messages.NUL]})
    return text[:MAX_SEARCH]


def _documented(ordering: tuple[str, ...], *, search: bool) -> Iterable[dict[str, Any]]:
    integer = {"type": "integer", "maximum": 10**MAX_DIGITS - 1}
    yield _parameter("limit", {**integer, "minimum": 1}, "At most so many; adds X-Total-Count.")
    yield _parameter("offset", {**integer, "minimum": 0}, "Leave out so many first.")
    if ordering:
        names = ", ".join(ordering)
        yield _parameter("ordering", {"type": "string"}, f"Of {names}; `-` in front: descending.")
    if search:
        yield _parameter("search", {"type": "string"}, "Only what contains this text.")


def _parameter(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": text}


def paged(response: Response, total: int, page: Page) -> Response:
    """Add `X-Total-Count` and `Link` when a limit was asked for."""
    if page.limit is not None:
        response.headers["X-Total-Count"] = str(total)
        response.headers["Link"] = page.link(total)
    return response


async def json_list(
    rows: Iterable[Row],
    shape: Callable[[Row], object] | None = None,
    *,
    total: int | None = None,
    page: Page = WHOLE,
) -> Response:
    """
    Answer *rows*, each through *shape*, as a bare array.

    It is written in pieces, and others get their turn in between: one long list must not hold up
    the loop. *total* counts all rows there are; it is needed when the page has a limit.
    """
    return _list_response(await written(rows, shape), total, page)


async def written(rows: Iterable[Row], shape: Callable[[Row], object] | None = None) -> bytes:
    """Return *rows* as a JSON array, written as `json_list` does."""
    parts: list[bytes] = []
    rest = iter(rows)
    while piece := list(islice(rest, CHUNK)):
        if parts:
            await asyncio.sleep(0)
        parts.append(dumps([shape(row) for row in piece] if shape else piece)[1:-1])
    return _joined(parts)


async def json_stream(
    pieces: AsyncIterable[Sequence[Row]],
    shape: Callable[[Row], object],
    *,
    total: int | None = None,
    page: Page = WHOLE,
) -> Response:
    """
    Answer rows as a bare array, written piece by piece as the database hands them over.

    For lists that grow for years: all their rows at once would fill the memory and, fetched by
    one call, hold up the loop for seconds.
    """
    parts = [dumps([shape(row) for row in piece])[1:-1] async for piece in pieces if piece]
    return written_list(parts, total=total, page=page)


def written_list(parts: list[bytes], *, total: int | None = None, page: Page = WHOLE) -> Response:
    """Answer *parts*, each of which is JSON already, as a bare array."""
    return _list_response(_joined(parts), total, page)


def _joined(parts: list[bytes]) -> bytes:
    pieces = [piece for part in parts for piece in (b",", part)][1:]
    return b"".join((b"[", *pieces, b"]"))


def _list_response(body: bytes, total: int | None, page: Page) -> Response:
    response = Response(body, media_type=JSON)
    return response if total is None else paged(response, total, page)
