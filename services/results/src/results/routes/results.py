"""Results: reading, writing by hand, grading."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from results.deps import AnswerId, IntakeOf, ResultId, StaffCaller
from results.errors import AnswerNotFound, ResultExists, ResultNotFound
from results.intake import Intake
from results.models import Result
from results.routes.known import require_known
from results.schemas import (
    GradedAnswerOut,
    GradeIn,
    ResultFilters,
    ResultIn,
    ResultOut,
    graded_answer_out,
    kept,
    result_out,
)
from results.service import results as service
from results.service.results import ResultFilter, Slice
from shared.clock import midnight
from shared.errors import Forbidden, Unavailable
from shared.http.body import JsonBody, Raw, RawJson, parse
from shared.http.deps import App, Caller, Now, Read, Tx
from shared.http.errors import errors
from shared.http.filters import filters
from shared.http.pagination import WHOLE, Page, json_list, json_stream, paging
from shared.http.replies import no_content, reply
from shared.runtime import Runtime
from shared.security.principal import Principal

router = APIRouter(prefix="/api/v1/exam-results", tags=["exam-results"])

Ordering = Annotated[Page, paging("id", "created_at", "score", "exam", "student")]
Filter = Annotated[ResultFilters, filters(ResultFilters)]


@router.get("/", response_model=list[ResultOut])
async def list_results(caller: Caller, app: App, asked: Filter, page: Ordering) -> Response:
    """List results, newest first; students see their own."""
    is_student = caller.role == "student"
    if page is WHOLE and not is_student:  # nothing was asked for in particular
        return await json_stream(service.list_all(app.database.glance), result_out)
    wanted = wanted_of(asked, page.search, app)
    return await _listed(_own(wanted, caller) if is_student else wanted, page, app)


@router.get("/my-results/", response_model=list[ResultOut])
async def list_my_results(caller: Caller, app: App, asked: Filter, page: Ordering) -> Response:
    """List the caller's own results, newest first."""
    if page is WHOLE:
        rows = await service.list_own(app.database.glance, caller.user_id)
        return await json_list(rows, result_out)
    return await _listed(_own(wanted_of(asked, page.search, app), caller), page, app)


@router.post(
    "/", status_code=201, response_model=ResultOut, responses=errors(ResultExists, Unavailable)
)
async def create_result(
    caller: StaffCaller,
    app: App,
    intake: IntakeOf,
    body: Annotated[ResultIn, JsonBody(ResultIn)],
    now: Now,
) -> Response:
    """Write a result by hand; usually `submit` makes them."""
    values = body.model_dump() | _given(body, caller)
    service.require_possible(values)
    title = await require_known(app, intake, values)
    async with app.database.brief() as tx:
        result = await service.create_result(tx, values, exam_title=title, now=now)
        shown = result_out(result)
    return reply(shown, 201)


@router.get("/{result_id}/", response_model=ResultOut, responses=errors(ResultNotFound))
async def get_result(caller: Caller, result_id: ResultId, view: Read) -> Response:
    """Show a result; a student's own only."""
    result = await service.get_result(view, result_id, student_id=_only(caller))
    return reply(result_out(result))


@router.put(
    "/{result_id}/",
    response_model=ResultOut,
    responses=errors(Forbidden, ResultNotFound, ResultExists),
)
async def replace_result(
    caller: Caller,
    result_id: ResultId,
    app: App,
    intake: IntakeOf,
    raw: Annotated[Raw, RawJson(ResultIn)],
) -> Response:
    """Change a result; exam and student must come, absent fields stay as they are."""
    current = await _writable(caller, result_id, app)
    return await _update(app, intake, current, _given(parse(ResultIn, raw), caller))


@router.patch(
    "/{result_id}/",
    response_model=ResultOut,
    responses=errors(Forbidden, ResultNotFound, ResultExists),
)
async def update_result(
    caller: Caller,
    result_id: ResultId,
    app: App,
    intake: IntakeOf,
    raw: Annotated[Raw, RawJson(ResultIn, partial=True)],
) -> Response:
    """Change some of a result, for example when its written answers were checked."""
    current = await _writable(caller, result_id, app)
    body = parse(ResultIn, raw, partial=True)
    return await _update(app, intake, current, _given(body, caller))


@router.delete("/{result_id}/", status_code=204, responses=errors(Forbidden, ResultNotFound))
async def delete_result(caller: Caller, result_id: ResultId, tx: Tx) -> Response:
    """Delete a result; its student may submit again."""
    await service.get_result(tx, result_id, student_id=_only(caller))
    _require_staff(caller)
    await service.delete_result(tx, result_id)
    return no_content()


@router.get(
    "/{result_id}/answers/",
    response_model=list[GradedAnswerOut],
    responses=errors(ResultNotFound),
)
async def list_answers(caller: Caller, result_id: ResultId, view: Read) -> Response:
    """List the answers of a result with their texts and verdicts; a student's own only."""
    answers = await service.list_answers(view, result_id, student_id=_only(caller))
    return reply([graded_answer_out(answer) for answer in answers])


@router.patch(
    "/{result_id}/answers/{answer_id}/",
    response_model=GradedAnswerOut,
    responses=errors(Forbidden, ResultNotFound, AnswerNotFound),
)
async def grade_answer(
    caller: Caller,
    result_id: ResultId,
    answer_id: AnswerId,
    app: App,
    now: Now,
    raw: Annotated[Raw, RawJson(GradeIn)],
) -> Response:
    """Grade one answer and recalculate the result; the last written one makes it checked."""
    await _writable(caller, result_id, app)
    body = parse(GradeIn, raw)
    verdict = body.model_dump(include=body.model_fields_set)
    async with app.database.transaction() as tx:
        answer = await service.grade_answer(
            tx, result_id, answer_id, verdict, grader_id=caller.user_id, now=now
        )
        shown = graded_answer_out(answer)
    return reply(shown)


def wanted_of(asked: ResultFilters, search: str, app: Runtime) -> ResultFilter:
    """Return what is asked for, its days as moments of the academy's time."""
    zone = app.settings.hpa_time_zone
    return ResultFilter(
        exam=asked.exam,
        student=asked.student,
        is_checked=asked.is_checked,
        since=midnight(asked.date_from, zone) if asked.date_from else None,
        before=midnight(asked.date_to, zone, after=1) if asked.date_to else None,
        search=search,
    )


async def _listed(wanted: ResultFilter, page: Page, app: Runtime) -> Response:
    part = Slice(page.limit, page.offset, page.ordering)
    if service.is_kept(wanted, part):
        rows, total = await service.list_results(app.database.glance, wanted, part)
    else:
        async with app.database.reading() as view:
            rows, total = await service.list_results(view, wanted, part)
    return await json_list(rows, result_out, total=total, page=page)


def _own(wanted: ResultFilter, caller: Principal) -> ResultFilter:
    """Narrow to the caller's own results; asking for another student's finds nothing."""
    if wanted.student not in (None, caller.user_id):
        return replace(wanted, student=0)
    return replace(wanted, student=caller.user_id)


def _only(caller: Principal) -> int | None:
    return caller.user_id if caller.role == "student" else None


def _require_staff(caller: Principal) -> None:
    if caller.role == "student":
        raise Forbidden


async def _writable(caller: Principal, result_id: int, app: Runtime) -> dict[str, Any]:
    """Return a result that the caller may write: others' are absent for a student, his own 403."""
    async with app.database.reading() as view:
        result = await service.get_result(view, result_id, student_id=_only(caller))
    _require_staff(caller)
    return kept(result) | {"id": result_id}


async def _update(
    app: Runtime, intake: Intake, current: dict[str, Any], changes: dict[str, Any]
) -> Response:
    title = await require_known(app, intake, changes, current)
    async with app.database.transaction() as tx:
        result: Result = await service.lock_result(tx, current["id"])
        values = kept(result) | changes
        await service.update_result(tx, result, values, exam_title=title or result.exam_title)
        shown = result_out(result)
    return reply(shown)


def _given(body: ResultIn, caller: Principal) -> dict[str, Any]:
    """Return what came. Whoever says that a result is checked has checked it, or names who did."""
    given = body.model_dump(exclude_unset=True)
    if given.get("is_checked") and "checked_by" not in given:
        return given | {"checked_by": caller.user_id}
    return given
