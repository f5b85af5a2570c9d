"""Reading exams: students see published ones, without a key."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from exams.deps import ExamContents, ExamId, is_student
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
from shared.errors import Throttled
from shared.http.body import JsonBody
from shared.http.deps import App, Caller, Now, Read
from shared.http.errors import errors
from shared.http.filters import filters
from shared.http.pagination import Page, json_list, paging
from shared.http.replies import reply

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
    view: Read,
) -> Response:
    """List exams, newest first; students see published ones."""
    rows, total = await service.list_exams(
        view,
        query.wanted(search=page.search, published_only=is_student(caller)),
        ordering=page.ordering,
        limit=page.limit,
        offset=page.offset,
    )
    return await json_list(rows, service.listed_of, total=total, page=page)


@router.get("/{exam_id}/", response_model=ExamDetail | ExamDetailForStudent, responses=errors())
async def retrieve_exam(
    caller: Caller, exam_id: ExamId, contents: ExamContents, view: Read
) -> Response:
    """Show an exam with its questions; students see published ones, without keys."""
    exam, questions = await service.get_exam(
        view, contents, exam_id, for_student=is_student(caller)
    )
    return reply(detail_of(exam, questions))


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
