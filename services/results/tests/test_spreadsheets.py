"""Tables for Excel: read back as they were written, and harmless in a spreadsheet."""

import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from results.spreadsheets import CsvWriter, XlsxWriter

ROWS: list[list[Any]] = [["text", 'say "so", twice', None], [1, 2.5, True], ["=1+1", "@a", "-b"]]


class TestWriting:
    def test_csv_is_read_back_as_it_was(self) -> None:
        writer = CsvWriter()

        text = (writer.write(ROWS[:1]) + writer.write(ROWS[1:]) + writer.close()).decode()

        assert text.startswith("\ufeff")
        found = list(csv.reader(io.StringIO(text[1:], newline="")))
        assert found[:2] == [["text", 'say "so", twice', ""], ["1", "2.5", "True"]]

    def test_a_workbook_is_read_back_as_it_was(self) -> None:
        writer = XlsxWriter()

        content = writer.write(ROWS[:1]) + writer.write(ROWS[1:]) + writer.close()

        sheet = load_workbook(io.BytesIO(content)).active
        assert [list(row) for row in sheet.iter_rows(values_only=True)][:2] == ROWS[:2]

    @pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
    @pytest.mark.parametrize("kind", [CsvWriter, XlsxWriter])
    def test_nothing_becomes_a_formula(self, kind: type[CsvWriter | XlsxWriter], sign: str) -> None:
        writer = kind()

        content = writer.write([[f"{sign}cmd|calc"]]) + writer.close()

        if kind is CsvWriter:
            ((cell,),) = csv.reader(io.StringIO(content.decode()[1:], newline=""))
        else:
            cell = load_workbook(io.BytesIO(content)).active["A1"].value
        assert str(cell).startswith("'")

    def test_a_workbook_holds_no_character_that_xml_forbids(self) -> None:
        writer = XlsxWriter()

        content = writer.write([["a\x00\x0b<&>\x1fb"]]) + writer.close()

        assert load_workbook(io.BytesIO(content)).active["A1"].value == "a<&>b"
