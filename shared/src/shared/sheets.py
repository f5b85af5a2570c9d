"""Reading a table out of a file that a stranger sent: xlsx or CSV, bounded in every direction."""

import asyncio
import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from typing import Any, Final, TypeVar

from shared.errors import Invalid

T = TypeVar("T")

FILE: Final = "file"
UNREADABLE: Final = "The file is neither an xlsx workbook nor CSV in UTF-8."
TOO_BIG: Final = "The workbook is too large when it is unpacked."
NO_ROWS: Final = "The file has no rows below its column names."
FORMULA: Final = "Formulas are not taken; put the value into the cell."

UNPACKED_BYTES: Final = 8 * 1024 * 1024
"""All parts of a workbook together; 500 rows of users take less than a tenth of it."""
ZIP_PARTS: Final = 100
MAX_COLUMNS: Final = 64
SPARE_LINES: Final = 1000
"""So many blank lines may stand between the rows."""
ZIP_MAGIC: Final = b"PK\x03\x04"
DELIMITERS: Final = ",;\t"


@dataclass(frozen=True, slots=True)
class Formula:
    """What stands in a cell whose value is computed: nothing here computes it."""


Cell = str | Formula


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: its number as a spreadsheet shows it, and its cells by column."""

    number: int
    cells: dict[str, str]
    """Trimmed; blank cells are absent."""
    faults: dict[str, list[str]] = field(default_factory=dict)
    """Cells that cannot be taken, in the shape of errors."""


async def in_turn(work: Callable[[], T]) -> T:
    """Do heavy *work* beside the loop, one piece at a time in this process."""
    return await asyncio.get_running_loop().run_in_executor(_pool(), work)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "sheets")


def read_table(
    content: bytes, *, columns: Sequence[str], required: Sequence[str], limit: int
) -> list[Line]:
    """
    Return the rows below the column names, which may come in any order and case.

    Columns that nobody asks for are passed over, blank rows too. Raises `Invalid` under `file`
    when it cannot be read, lacks a required column, or has no row or more than *limit*.
    """
    numbered = _numbered(content, last=limit + SPARE_LINES)
    names = next((cells for _, cells in numbered), [])
    places = _places([cell for cell in names if isinstance(cell, str)], columns)
    missing = [name for name in required if name not in places]
    if missing:
        raise Invalid.field(FILE, *(f'The column "{name}" is missing.' for name in missing))
    lines: list[Line] = []
    for number, cells in numbered:
        if len(lines) == limit:
            raise Invalid.field(FILE, f"Ensure this file has no more than {limit} rows.")
        lines.append(_line(number, cells, places))
    if not lines:
        raise Invalid.field(FILE, NO_ROWS)
    return lines


def _places(names: list[str], columns: Sequence[str]) -> dict[str, int]:
    """Return where each known column stands, the first one of a name."""
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        known = "_".join(name.casefold().split())
        if known in columns:
            found.setdefault(known, place)
    return found


def _line(number: int, cells: list[Cell], places: dict[str, int]) -> Line:
    line = Line(number, {})
    for name, place in places.items():
        cell = cells[place] if place < len(cells) else ""
        if isinstance(cell, Formula):
            line.faults[name] = [FORMULA]
        elif cell:
            line.cells[name] = cell
    return line


def _numbered(content: bytes, *, last: int) -> Iterator[tuple[int, list[Cell]]]:
    """Yield the rows that are not blank, with their numbers. Raises `Invalid`."""
    if not content:
        raise Invalid.field(FILE, "The submitted file is empty.")
    rows = _workbook_rows if content.startswith(ZIP_MAGIC) else _csv_rows
    for number, cells in enumerate(rows(content), 1):
        if number > last:
            raise Invalid.field(FILE, f"Ensure this file has no more than {last} rows.")
        if any(cells):
            yield number, cells


def _csv_rows(content: bytes) -> Iterator[list[Cell]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid.field(FILE, UNREADABLE) from None
    first = text.lstrip().partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [cell.strip() for cell in row[:MAX_COLUMNS]]
    except csv.Error:
        raise Invalid.field(FILE, UNREADABLE) from None


def _workbook_rows(content: bytes) -> Iterator[list[Cell]]:
    # Loaded only when a workbook comes: most processes never see one.
    from openpyxl import load_workbook  # noqa: PLC0415

    try:
        _require_harmless(content)
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # they are what the file claims about itself
        for row in sheet.iter_rows(max_col=MAX_COLUMNS):
            yield [_cell(cell) for cell in row]
        book.close()
    except Invalid:
        raise
    except Exception:  # noqa: BLE001 - what a broken workbook makes the reader raise has no bounds
        raise Invalid.field(FILE, UNREADABLE) from None


def _cell(cell: Any) -> Cell:  # noqa: ANN401 - a cell of openpyxl, whose values have many types
    value = cell.value
    if cell.data_type == "f":
        return Formula()
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time.min:
        value = value.date()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def _require_harmless(content: bytes) -> None:
    """
    Refuse archives that grow beyond bounds when unpacked, and XML that declares entities.

    What a part claims as its size is also all that is ever unpacked of it.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > ZIP_PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
            raise Invalid.field(FILE, TOO_BIG)
        for part in parts:
            # Without its zeros UTF-16 reads like ASCII.
            if b"<!DOCTYPE" in archive.read(part).replace(b"\0", b""):
                raise Invalid.field(FILE, UNREADABLE)
