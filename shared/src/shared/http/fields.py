"""Strict field types for schemas: whatever passes here is safe in both databases."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from typing_extensions import override

from shared.http import messages

MAX_ID: Final = 2**63 - 1
MAX_INT: Final = 2**31 - 1
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Input(BaseModel):
    """
    What a body may hold: exact types, no NaN; fields that are not declared are ignored.

    PATCH reads the same class with every field optional; `body.model_fields_set` says what came.
    """

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


def _no_nul(text: str) -> str:
    if "\x00" in text:  # PostgreSQL refuses it; lone surrogates never get past the JSON parser
        raise messages.refusal(messages.NUL)
    return text


def _day(value: object) -> object:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    if value is None or (isinstance(value, date) and type(value) is date):
        return value
    raise messages.refusal(messages.DAY)


Id = Annotated[int, Field(ge=1, le=MAX_ID)]
"""The id of a row: 1 to 2^63-1."""

Whole = Annotated[int, Field(ge=0, le=MAX_INT)]
"""A count or a place: 0 to 2^31-1."""

Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date)]
"""A calendar day, written YYYY-MM-DD and nothing else."""

NoNul = AfterValidator(_no_nul)


@dataclass(frozen=True)
class Text(GroupedMetadata):
    """`title: Annotated[str, Text(255)]`: trimmed, not blank, no NUL, not longer than that."""

    maximum: int

    @override
    def __iter__(self) -> Iterator[object]:
        yield from StringConstraints(strip_whitespace=True, min_length=1, max_length=self.maximum)
        yield NoNul


@dataclass(frozen=True)
class LongText(GroupedMetadata):
    """`note: Annotated[str, LongText(10_000)]`: kept as it came, may be blank, no NUL."""

    maximum: int

    @override
    def __iter__(self) -> Iterator[object]:
        yield from StringConstraints(max_length=self.maximum)
        yield NoNul
