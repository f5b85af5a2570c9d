"""Importing an exam whose questions come in a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from exams.deps import StaffCaller
from exams.domain import OPTION_LIMIT, QUESTION_LIMIT
from exams.errors import CodesExhausted, UnknownSubject
from exams.routes.writing import push
from exams.schemas.exams import QuestionCreate
from exams.schemas.imports import COLUMNS, REQUIRED, ExamForm, question_of
from exams.service import authoring as service
from shared.errors import Invalid
from shared.http.deps import App, Now
from shared.http.errors import errors
from shared.http.imports import DRY_RUN_TEXT, WRONG_ROWS, ImportedRow, ImportReport, failed, report
from shared.http.upload import Form, uploaded
from shared.sheets import in_turn, read_table

router = APIRouter(prefix="/api/v1/exams", tags=["exams"])

WHAT: Final = (
    "An xlsx workbook (its first sheet) or CSV in UTF-8, a question a row, with the columns text, "
    f"type, written_answer_sample, option_1 to option_{OPTION_LIMIT} and correct (the numbers or "
    f"letters of the right options). At most {QUESTION_LIMIT} rows and 1 MiB."
)
EXAMPLE: Final = (
    "text,correct,option_1,option_2,written_answer_sample\n"
    "What is the capital of England?,1,London,Paris,\n"
    "Describe yourself in 3 sentences.,,,,I am ...\n"
)


@dataclass(frozen=True, slots=True)
class Checked:
    """A row of the file: the question in it, or what is wrong with it."""

    number: int
    question: QuestionCreate | None = None
    errors: Any = None


@router.post(
    "/import/",
    response_model=ImportReport,
    responses=WRONG_ROWS | errors(UnknownSubject, CodesExhausted),
)
async def import_exam(
    caller: StaffCaller,
    app: App,
    now: Now,
    form: Annotated[Form, uploaded(WHAT, EXAMPLE, ExamForm)],
    *,
    dry_run: Annotated[bool, Query(description=DRY_RUN_TEXT)] = False,
) -> Response:
    """
    Write an exam whose questions come in a file, in its order, all of them or nothing.

    It is a draft until it is published. The ids of the rows are those of the questions; the exam
    is in `Location`.
    """
    exam: ExamForm = form.read(ExamForm)
    rows = await in_turn(lambda: checked(form.file))
    async with app.database.reading() as view:
        await service.require_subject(view, exam.subject)
    if dry_run or any(row.errors for row in rows):
        return report(_outcome(rows, {}), is_dry=dry_run)
    draft = exam.draft([row.question for row in rows if row.question])
    async with app.database.transaction() as tx:
        written = await service.create_exam(tx, draft, author_id=caller.user_id, now=now)
    await push(app, written)
    ids = {row.number: one["id"] for row, one in zip(rows, written.questions, strict=True)}
    response = report(_outcome(rows, ids), is_dry=False)
    response.headers["Location"] = f"{router.prefix}/{written.exam.id}/"
    return response


def checked(content: bytes) -> list[Checked]:
    """Check every row of a file. Raises `Invalid`."""
    lines = read_table(content, columns=COLUMNS, required=REQUIRED, limit=QUESTION_LIMIT)
    found = []
    for line in lines:
        try:
            found.append(Checked(line.number, question_of(line)))
        except Invalid as wrong:
            found.append(Checked(line.number, errors=wrong.errors))
    return found


def _outcome(rows: Iterable[Checked], ids: dict[int, int]) -> Iterable[ImportedRow]:
    for row in rows:
        if row.question is None:
            yield failed(row.number, row.errors)
        else:
            yield ImportedRow(row=row.number, status="created", id=ids.get(row.number))
