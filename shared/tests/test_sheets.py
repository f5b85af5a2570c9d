"""Tables from files: what is taken, and what is turned away before it does harm."""

import io
import random
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from shared import sheets
from shared.errors import Invalid
from shared.testing.workbooks import workbook

UNREADABLE, TOO_BIG = {"file": [sheets.UNREADABLE]}, {"file": [sheets.TOO_BIG]}
SHEET = "xl/worksheets/sheet1.xml"


def table(content: bytes, *, limit: int = 10) -> Any:
    return sheets.read_table(content, columns=("name", "age"), required=("name",), limit=limit)


def cells(content: bytes) -> list[dict[str, str]]:
    return [line.cells for line in table(content)]


def refusal(content: bytes, **options: Any) -> object:
    with pytest.raises(Invalid) as refused:
        table(content, **options)
    return refused.value.errors


def changed(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the workbook with one part of it made anew."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data) if info.filename == part else data)
    return out.getvalue()


class TestReadTable:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    @pytest.mark.parametrize("mark", ["", "\ufeff"])
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_takes_csv_as_programs_write_it(self, delimiter: str, mark: str, newline: str) -> None:
        lines = [delimiter.join(row) for row in (["Age", " NAME "], ["7", '"A,;\nli"'], ["", ""])]

        found = cells((mark + newline.join(lines)).encode())

        assert found == [{"age": "7", "name": "A,;\nli"}]

    def test_numbers_rows_as_a_spreadsheet_does(self) -> None:
        assert [line.number for line in table(b"\nname\n\nali\n,\nvali\n")] == [4, 6]

    def test_takes_the_first_sheet_of_a_workbook(self) -> None:
        assert cells(workbook(["name", "age"], ["Ali", 7], [None, None], ["Vali", 8.0])) == [
            {"name": "Ali", "age": "7"},
            {"name": "Vali", "age": "8"},
        ]

    def test_takes_no_formula_of_a_workbook(self) -> None:
        (line,) = table(workbook(["name", "age"], ["Ali", '=HYPERLINK("http://x")']))

        assert line.cells == {"name": "Ali"}
        assert line.faults == {"age": [sheets.FORMULA]}

    def test_keeps_text_of_csv_that_looks_like_a_formula(self) -> None:
        assert cells(b"name\n=1+1\n") == [{"name": "=1+1"}]

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            (b"", "The submitted file is empty."),
            (b"name\n", sheets.NO_ROWS),
            (b"age\n7\n", 'The column "name" is missing.'),
            (b"name\n\xff\xfe\n", sheets.UNREADABLE),
            (b'name\n"a\n', sheets.UNREADABLE),
            (b"PK\x03\x04 no archive", sheets.UNREADABLE),
            (b"name\n" + b"a\n" * 11, "Ensure this file has no more than 10 rows."),
            (b"name\n" + b"\n" * 2000 + b"a\n", "Ensure this file has no more than 1010 rows."),
        ],
    )
    def test_says_what_is_wrong_with_the_file(self, content: bytes, told: str) -> None:
        assert refusal(content) == {"file": [told]}


class TestHostileWorkbooks:
    def test_that_unpack_beyond_bounds_are_refused(self) -> None:
        bomb = changed(workbook(["name"], ["a"]), SHEET, lambda xml: xml + b" " * (9 << 20))

        assert len(bomb) < 100_000
        assert refusal(bomb) == {"file": [sheets.TOO_BIG]}

    def test_of_too_many_parts_are_refused(self) -> None:
        out = io.BytesIO(workbook(["name"], ["a"]))
        with zipfile.ZipFile(out, "a") as archive:
            for number in range(sheets.ZIP_PARTS):
                archive.writestr(f"{number}", b"")

        assert refusal(out.getvalue()) == {"file": [sheets.TOO_BIG]}

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
    def test_that_declare_entities_are_refused(self, encoding: str) -> None:
        def declare(xml: bytes) -> bytes:
            entities = f'<!DOCTYPE x [<!ENTITY a "{"b" * 100}">]>'
            return (f'<?xml version="1.0" encoding="{encoding}"?>{entities}<x>&a;</x>').encode(
                encoding
            )

        assert refusal(changed(workbook(["name"], ["a"]), SHEET, declare)) == UNREADABLE

    def test_that_name_a_far_away_row_end_at_the_bound(self) -> None:
        far = changed(
            workbook(["name"], ["a"], ["b"]),
            SHEET,
            lambda xml: xml.replace(b'<row r="3"', b'<row r="1048576"'),
        )

        assert refusal(far) == {"file": ["Ensure this file has no more than 1010 rows."]}

    @pytest.mark.parametrize(
        "change",
        [
            lambda xml: xml[: len(xml) // 2],
            lambda _: b"<x/>",
            lambda _: b"",
            lambda xml: xml.replace(b"A2", b"ZZZZZZZ9"),
        ],
        ids=["cut", "foreign", "empty", "misplaced"],
    )
    def test_that_are_broken_are_refused(self, change: Callable[[bytes], bytes]) -> None:
        assert "file" in str(refusal(changed(workbook(["name"], ["a"]), SHEET, change)))

    @pytest.mark.parametrize("seed", range(20))
    def test_with_a_few_wrong_bytes_are_refused(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - the same damage each time
        content = bytearray(workbook(["name"], *([f"Ali {n}"] for n in range(9))))
        for _ in range(20):
            content[chance.randrange(4, len(content))] ^= chance.randrange(1, 256)

        assert refusal(bytes(content)) in (UNREADABLE, TOO_BIG)

    def test_that_lie_about_their_size_lose_no_row(self) -> None:
        short = changed(
            workbook(["name"], ["a"], ["b"]),
            SHEET,
            lambda xml: xml.replace(b'ref="A1:A3"', b'ref="A1:A2"'),
        )

        assert len(table(short)) == 2
