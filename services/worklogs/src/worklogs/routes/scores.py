"""Scores over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from shared.errors import Forbidden, Invalid
from shared.http.body import JsonBody, Raw, RawJson
from shared.http.deps import App, Caller, Read, Tx
from shared.http.errors import errors
from shared.http.pagination import Page, paging
from shared.http.replies import no_content, reply
from worklogs.deps import AnyFilters, AtDesk, IdFilter, ScoreId, StaffCaller
from worklogs.errors import NotUnique, ScoreNotFound
from worklogs.routes import books
from worklogs.schemas import MAX_ITEMS, ScoreOut, ScoreWrite
from worklogs.service import records
from worklogs.service.records import SCORES

router = APIRouter(prefix="/api/v1/scores", tags=["scores"])

ORDERING = ("id", "date", "employee", "student", "value", "subject", "created_at", "updated_at")


@router.get("/", response_model=list[ScoreOut], responses=errors(Invalid))
async def list_scores(
    caller: Caller,
    filters: AnyFilters,
    page: Annotated[Page, paging(*ORDERING)],
    view: Read,
    student: IdFilter = None,
    subject: IdFilter = None,
) -> Response:
    """List scores, newest day first; a student sees his own."""
    wanted = books.filter_of(filters, page, student=student, subject=subject)
    return await books.list_records(view, SCORES, wanted, page, caller)


@router.post(
    "/",
    status_code=201,
    response_model=ScoreOut | list[ScoreOut],
    responses=errors(Invalid, Forbidden),
)
async def record_score(
    _: StaffCaller,
    desk: AtDesk,
    body: Annotated[ScoreWrite | list[ScoreWrite], JsonBody(ScoreWrite, many=MAX_ITEMS)],
    app: App,
) -> Response:
    """
    Give scores: one row, or an array, all or nothing.

    The same student, date, employee and subject again changes the row that is there.
    """
    return await books.record(app, SCORES, body, desk)


@router.get("/{score_id}/", response_model=ScoreOut, responses=errors(ScoreNotFound))
async def get_score(caller: Caller, score_id: ScoreId, view: Read) -> Response:
    """Show one score."""
    return reply(await records.find_record(view, SCORES, score_id, caller))


@router.put(
    "/{score_id}/",
    response_model=ScoreOut,
    responses=errors(ScoreNotFound, Forbidden, NotUnique),
)
async def replace_score(
    caller: StaffCaller,
    desk: AtDesk,
    score_id: ScoreId,
    raw: Annotated[Raw, RawJson(ScoreWrite)],
    app: App,
) -> Response:
    """Change a score; what it requires must be there."""
    body = (ScoreWrite, raw, False)
    changes = await books.changes_of(app, SCORES, score_id, body, caller)
    return await books.edit(app, SCORES, score_id, changes, desk)


@router.patch(
    "/{score_id}/",
    response_model=ScoreOut,
    responses=errors(ScoreNotFound, Forbidden, NotUnique),
)
async def update_score(
    caller: StaffCaller,
    desk: AtDesk,
    score_id: ScoreId,
    raw: Annotated[Raw, RawJson(ScoreWrite, partial=True)],
    app: App,
) -> Response:
    """Change some fields of a score."""
    body = (ScoreWrite, raw, True)
    changes = await books.changes_of(app, SCORES, score_id, body, caller)
    return await books.edit(app, SCORES, score_id, changes, desk)


@router.delete("/{score_id}/", status_code=204, responses=errors(ScoreNotFound, Forbidden))
async def delete_score(_: StaffCaller, desk: AtDesk, score_id: ScoreId, tx: Tx) -> Response:
    """Delete a score; the day is computed anew."""
    await records.delete_record(tx, SCORES, score_id, desk)
    return no_content()
