"""Reading exams: students see published ones, without a key."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from exams.deps import ExamCatalogue, ExamContents, ExamId, is_student
from exams.errors import ExamNotFound
from exams.schemas.answers import (
    ExamDetail,
    ExamDetailForStudent,
    ExamEntered,
    ExamEnteredForStudent,
    ExamListed,
    detail_of,
    entered_of,
)
from exams.schemas.exams import ExamCode, ExamQuery
from exams.service import exams as service
from exams.service.catalogue import listed_of
from shared.errors import Throttled
from shared.http.body import JsonBody
from shared.http.deps import App, Caller, Now
from shared.http.errors import errors
from shared.http.filters import filters
from shared.http.pagination import WHOLE, Page, json_list, paging
from shared.http.replies import JSON, reply

router = APIRouter(prefix="/api/v1/exams", tags=["exams"])

ORDERING = (
    "id",
    "title",
    "code",
    "date",
    "created_at",
    "time_limit",
    "questions_count",
    "participants_count",
)


@router.get("/", response_model=list[ExamListed], responses=errors())
async def list_exams(
    caller: Caller,
    page: Annotated[Page, paging(*ORDERING)],
    query: Annotated[ExamQuery, filters(ExamQuery)],
    catalogue: ExamCatalogue,
    app: App,
) -> Response:
    """List exams, newest first; students see published ones."""
    published_only = is_student(caller)
    if page is WHOLE:  # nothing was asked for in particular
        content = await catalogue.list_exams(app.database, published_only=published_only)
        return Response(content, media_type=JSON)
    async with app.database.reading() as view:
        rows, total = await service.list_exams(
            view,
            query.wanted(search=page.search, published_only=published_only),
            ordering=page.ordering,
            limit=page.limit,
            offset=page.offset,
        )
    return await json_list(rows, listed_of, total=total, page=page)


@router.get("/{exam_id}/", response_model=ExamDetail | ExamDetailForStudent, responses=errors())
async def retrieve_exam(
    caller: Caller, exam_id: ExamId, contents: ExamContents, app: App
) -> Response:
    """Show an exam with its questions; students see published ones, without keys."""
    for_student = is_student(caller)
    found = await service.glance_at_exam(
        app.database.glance, contents, exam_id, for_student=for_student
    )
    if found is None:
        async with app.database.reading() as view:  # the exam and its questions of one moment
            found = await service.get_exam(view, contents, exam_id, for_student=for_student)
    return reply(detail_of(*found))


@router.post(
    "/enter-code/",
    response_model=ExamEntered | ExamEnteredForStudent,
    responses=errors(ExamNotFound, Throttled),
)
async def enter_code(
    caller: Caller,
    body: Annotated[ExamCode, JsonBody(ExamCode)],
    contents: ExamContents,
    now: Now,
    app: App,
) -> Response:
    """Find an exam by its code, in any case. Ten misses in five minutes are allowed."""
    reader = (caller.user_id, is_student(caller))
    found = await service.glance_by_code(app.database.glance, contents, body.code, reader)
    if found is not None:
        return reply(entered_of(*found))
    async with app.database.reading() as view:
        await service.require_guesses_left(view, caller.user_id, now=now)
        found = await service.find_exam_by_code(
            view, contents, body.code, for_student=is_student(caller)
        )
    if found is not None:
        return reply(entered_of(*found))
    # Not `Tx`: the answer is an error, and raising inside the transaction would roll the miss back.
    async with app.database.transaction() as tx:
        wait = await service.count_miss(tx, caller.user_id, now=now)
    raise Throttled(wait) if wait else ExamNotFound
