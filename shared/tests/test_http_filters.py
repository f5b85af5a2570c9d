"""Filters are read from the query as the document says, and refused in DRF's words."""

from typing import Any

import pytest
from pydantic import BaseModel
from starlette.requests import Request

from shared.errors import Invalid
from shared.http.fields import Day, Id
from shared.http.filters import Filters


class RoomQuery(BaseModel):
    subject: Id | None = None
    is_open: bool | None = None
    date: Day | None = None


async def read(query: bytes) -> dict[str, Any]:
    request = Request({"type": "http", "query_string": query, "headers": []})
    return (await Filters(RoomQuery)(request)).model_dump(exclude_none=True)


class TestFilters:
    async def test_read_what_is_given(self) -> None:
        assert await read(b"subject=5&is_open=false&date=2026-02-20&other=x") == {
            "subject": 5,
            "is_open": False,
            "date": RoomQuery.model_validate({"date": "2026-02-20"}).date,
        }

    async def test_take_blank_for_absent_and_the_last_of_several(self) -> None:
        assert await read(b"") == {}
        assert await read(b"subject=&is_open=&date=") == {}
        assert await read(b"subject=5&subject=6") == {"subject": 6}

    @pytest.mark.parametrize(
        ("query", "errors"),
        [
            (b"subject=x", {"subject": ["A valid integer is required."]}),
            (b"is_open=maybe", {"is_open": ["Must be a valid boolean."]}),
            (b"subject=9223372036854775808&date=%00", None),
        ],
    )
    async def test_refuse_nonsense(self, query: bytes, errors: dict[str, list[str]] | None) -> None:
        with pytest.raises(Invalid) as refused:
            await read(query)

        assert errors is None or refused.value.errors == errors

    def test_are_documented_without_nulls(self) -> None:
        parameters = {one["name"]: one["schema"] for one in Filters(RoomQuery).parameters}

        assert parameters["is_open"] == {"type": "boolean"}
        assert parameters["subject"]["type"] == "integer"
        assert parameters["date"] == {"type": "string", "format": "date"}
