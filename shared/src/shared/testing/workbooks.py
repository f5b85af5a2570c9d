"""Workbooks as people save them, for tests of imports."""

import io
from collections.abc import Sequence

from openpyxl import Workbook


def workbook(*rows: Sequence[object]) -> bytes:
    """Return an xlsx workbook whose one sheet holds *rows*."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
