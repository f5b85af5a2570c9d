"""Writing a table for Excel, row by row: nothing is kept, so its length does not matter."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

from typing_extensions import override

Value = str | int | float | bool | None

BOM: Final = "\ufeff"
"""Excel takes CSV for UTF-8 only when it begins so."""
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")
XML_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PARTS: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPES}.worksheet+xml"/>'
        "</Types>"
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
XML_UNFIT: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])
"""Characters that XML cannot hold."""


def harmless(value: Value) -> Value:
    """Return *value*, quoted when a spreadsheet would take the text for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value


class CsvWriter:
    """Turns rows into pieces of CSV."""

    media_type: Final = "text/csv; charset=utf-8"

    def __init__(self) -> None:
        """Begin with the mark that tells Excel the encoding."""
        self._out = io.StringIO(newline="")
        self._out.write(BOM)
        self._writer = csv.writer(self._out)

    def write(self, rows: Iterable[Sequence[Value]]) -> bytes:
        """Return the next piece."""
        self._writer.writerows([harmless(value) for value in row] for row in rows)
        piece = self._out.getvalue().encode()
        self._out.seek(0)
        self._out.truncate()
        return piece

    def close(self) -> bytes:
        """Return the last piece."""
        return b""


class XlsxWriter:
    """
    Turns rows into pieces of a workbook with one sheet.

    A library would write the sheet to a temporary file and give nothing before the last row.
    """

    media_type: Final = f"{TYPES}.sheet"

    def __init__(self) -> None:
        """Write what stands before the rows."""
        self._out = _Pipe()
        self._archive = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED)
        for name, text in PARTS.items():
            self._archive.writestr(name, XML_HEAD + text)
        self._sheet = self._archive.open("xl/worksheets/sheet1.xml", "w")
        self._sheet.write(f'{XML_HEAD}<worksheet xmlns="{MAIN}"><sheetData>'.encode())

    def write(self, rows: Iterable[Sequence[Value]]) -> bytes:
        """Return the next piece."""
        lines = ("".join(["<row>", *map(_cell, row), "</row>"]) for row in rows)
        self._sheet.write("".join(lines).encode())
        return self._out.taken()

    def close(self) -> bytes:
        """Return the last piece."""
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._archive.close()
        return self._out.taken()


def _cell(value: Value) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    text = escape(str(harmless(value)).translate(XML_UNFIT))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


class _Pipe(io.RawIOBase):
    """What a `ZipFile` writes to when nothing can be sought: whoever takes the bytes sends them."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces = bytearray()

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: Any) -> int:
        self._pieces += data
        return len(data)

    def taken(self) -> bytes:
        pieces = bytes(self._pieces)
        self._pieces.clear()
        return pieces
