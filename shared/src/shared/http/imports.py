"""Imports of files: what becomes of every row, told in one shape."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.http.errors import MAX_ERROR_BYTES, bounded
from shared.http.replies import dumps, reply

DRY_RUN_TEXT: Final = "Check the file and tell what would become of it; nothing is stored."

RowStatus = Literal["created", "skipped", "failed"]


class ImportedRow(BaseModel):
    """What became of one row."""

    row: int
    """Its number in the file, as a spreadsheet shows it."""
    status: RowStatus
    id: int | None = None
    errors: dict[str, Any] | list[Any] = Field(default_factory=dict)
    """By column, in the shape of all field errors."""


class ImportReport(BaseModel):
    """
    What became of a file. A file is taken as a whole: one row that failed, and nothing is stored.

    Of rows that failed, as many are told as fit; `failed` counts all.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dry_run": False,
                    "created": 1,
                    "skipped": 1,
                    "failed": 0,
                    "rows": [
                        {"row": 2, "status": "created", "id": 10, "errors": {}},
                        {"row": 3, "status": "skipped", "id": 7, "errors": {}},
                    ],
                }
            ]
        }
    )

    dry_run: bool
    created: int
    skipped: int
    failed: int
    rows: list[ImportedRow]


WRONG_ROWS: Final[dict[int | str, dict[str, Any]]] = {
    400: {
        "model": ImportReport,
        "description": "The input is wrong; of a file with wrong rows nothing was stored.",
        "content": {
            "application/json": {
                "examples": {
                    "WrongRows": {
                        "value": {
                            "dry_run": False,
                            "created": 0,
                            "skipped": 0,
                            "failed": 1,
                            "rows": [
                                {
                                    "row": 3,
                                    "status": "failed",
                                    "id": None,
                                    "errors": {"text": ["This field is required."]},
                                }
                            ],
                        }
                    }
                }
            }
        },
    }
}
"""What an import refuses, for the document."""


def failed(row: int, errors: Any) -> ImportedRow:  # noqa: ANN401 - lists and dicts of any depth
    """Return the row that *errors* keep out."""
    return ImportedRow(row=row, status="failed", errors=errors)


def report(rows: Iterable[ImportedRow], *, is_dry: bool) -> Response:
    """
    Tell what became of *rows*: 400 when any failed and the file was meant.

    Of a dry run nothing failed, so it is answered with 200 whatever it found.
    """
    found = list(rows)
    wrong = [row for row in found if row.status == "failed"]
    counts = {
        status: sum(row.status == status for row in found)
        for status in ("created", "skipped", "failed")
    }
    if wrong and not is_dry:
        counts["created"] = 0
    told = [row.model_dump() for row in (wrong or found)]
    body = {"dry_run": is_dry, **counts, "rows": _fitting(told) if wrong else told}
    return reply(body, 400 if wrong and not is_dry else 200)


def _fitting(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first rows, as many as an error answer may hold, and always one."""
    kept: list[dict[str, Any]] = []
    room = MAX_ERROR_BYTES - 200
    for row in rows:
        shown = {**row, "errors": bounded(row["errors"])}
        room -= len(dumps(shown)) + 1
        if kept and room < 0:
            break
        kept.append(shown)
    return kept
