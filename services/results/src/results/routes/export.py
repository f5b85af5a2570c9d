"""Results as a table for Excel, written while it is read."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from results.deps import StaffCaller
from results.routes.results import wanted_of
from results.schemas import ExportQuery
from results.service import results as service
from results.service.results import ResultFilter
from results.spreadsheets import CsvWriter, Value, XlsxWriter
from shared.http.deps import App
from shared.http.errors import errors
from shared.http.filters import filters
from shared.runtime import Runtime
from shared.users import UserReplica, find_users

router = APIRouter(prefix="/api/v1/exam-results", tags=["exam-results"])

PATH: Final = f"{router.prefix}/export/"
SECONDS: Final = 60.0
PIECE: Final = 500
Writer = CsvWriter | XlsxWriter
WRITERS: Final[dict[str, type[Writer]]] = {"csv": CsvWriter, "xlsx": XlsxWriter}
COLUMNS: Final = (
    "id",
    "exam",
    "exam_title",
    "student",
    "username",
    "full_name",
    "score",
    "correct_answers",
    "total_questions",
    "is_checked",
    "checked_by",
    "created_at",
)
EXAMPLE: Final = (
    f"{','.join(COLUMNS)}\r\n"
    "5,1,Ingliz tili - 1-hafta imtihon,10,ali.valiyev,Ali Valiyev,"
    "85.0,17,20,True,3,2026-02-20T10:30:00Z\r\n"
)
TABLE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The table, sent while it is read.",
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": EXAMPLE},
            XlsxWriter.media_type: {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.get("/export/", response_class=StreamingResponse, responses=TABLE | errors())
async def export_results(
    _: StaffCaller, app: App, asked: Annotated[ExportQuery, filters(ExportQuery)]
) -> Response:
    """
    Return results as CSV or as an Excel workbook, newest first.

    Text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    name = f'attachment; filename="exam-results.{asked.format}"'
    writer = WRITERS[asked.format]()
    return StreamingResponse(
        _table(app, wanted_of(asked, asked.search, app), writer),
        media_type=writer.media_type,
        headers={"Content-Disposition": name},
    )


async def _table(app: Runtime, wanted: ResultFilter, writer: Writer) -> AsyncIterator[bytes]:
    """Write piece by piece, each read by itself: no transaction waits for a slow client."""
    yield writer.write([COLUMNS])
    below: int | None = None
    while True:
        async with app.database.reading() as view:
            rows = await service.list_next(view, wanted, below=below, limit=PIECE)
            people = await find_users(view, {row.student_id for row in rows})
        yield writer.write(_lines(rows, people))
        if len(rows) < PIECE:
            break
        below = rows[-1].id
    yield writer.close()


def _lines(rows: Iterable[Any], people: dict[int, UserReplica]) -> Iterable[Sequence[Value]]:
    for row in rows:
        student = people.get(row.student_id)
        yield (
            row.id,
            row.exam_id,
            row.exam_title,
            row.student_id,
            student.username if student else None,
            student.full_name if student else None,
            row.score,
            row.correct_answers,
            row.total_questions,
            row.is_checked,
            row.checked_by,
            f"{row.created_at:%Y-%m-%dT%H:%M:%SZ}",
        )
