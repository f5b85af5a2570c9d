"""
Writing exams: commit, tell results, answer, in this order.

The routes open their transactions themselves, because results may hear of a change only after its
commit, and the client only after results: its very next submit must see the change.
"""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from exams.clients import push_exam
from exams.deps import ExamId, StaffCaller
from exams.errors import CodesExhausted, ExamNotFound, UnknownSubject
from exams.schemas.answers import ExamDetail, ExamStatus, detail_of
from exams.schemas.exams import ExamCreate
from exams.service import authoring as service
from exams.service.authoring import Written
from exams.service.contents import as_state
from exams.service.exams import require_exam, state_of
from shared.http.body import JsonBody, Raw, RawJson, parse
from shared.http.deps import App, Now
from shared.http.errors import errors
from shared.http.replies import no_content, reply
from shared.runtime import Runtime

router = APIRouter(prefix="/api/v1/exams", tags=["exams"])

PUBLISHED = {"status": "Test nashr etildi"}
UNPUBLISHED = {"status": "Test nashrdan olindi"}


@router.post(
    "/",
    status_code=201,
    response_model=ExamDetail,
    responses=errors(UnknownSubject, CodesExhausted),
)
async def create_exam(
    caller: StaffCaller, body: Annotated[ExamCreate, JsonBody(ExamCreate)], now: Now, app: App
) -> Response:
    """Write an exam with its questions; its code is drawn."""
    draft = body.draft(only_given=False)
    async with app.database.transaction() as tx:
        written = await service.create_exam(tx, draft, author_id=caller.user_id, now=now)
    return await _told(app, written, 201)


@router.put("/{exam_id}/", response_model=ExamDetail, responses=errors(UnknownSubject))
async def update_exam(
    _: StaffCaller, exam_id: ExamId, raw: Annotated[Raw, RawJson(ExamCreate)], now: Now, app: App
) -> Response:
    """Write an exam anew; questions that are given replace the old ones."""
    await _require_exam(app, exam_id)
    return await _edited(app, exam_id, parse(ExamCreate, raw), now)


@router.patch("/{exam_id}/", response_model=ExamDetail, responses=errors(UnknownSubject))
async def patch_exam(
    _: StaffCaller,
    exam_id: ExamId,
    raw: Annotated[Raw, RawJson(ExamCreate, partial=True)],
    now: Now,
    app: App,
) -> Response:
    """Change the fields that are given; questions that are given replace the old ones."""
    await _require_exam(app, exam_id)
    return await _edited(app, exam_id, parse(ExamCreate, raw, partial=True), now)


@router.delete("/{exam_id}/", status_code=204, responses=errors(ExamNotFound))
async def delete_exam(_: StaffCaller, exam_id: ExamId, now: Now, app: App) -> Response:
    """Delete an exam. Its results stay readable."""
    async with app.database.transaction() as tx:
        written = await service.delete_exam(tx, exam_id, now=now)
    await push(app, written)
    return no_content()


@router.post("/{exam_id}/publish/", response_model=ExamStatus, responses=errors(ExamNotFound))
async def publish_exam(_: StaffCaller, exam_id: ExamId, now: Now, app: App) -> Response:
    """Let students see the exam."""
    async with app.database.transaction() as tx:
        written = await service.set_published(tx, exam_id, is_published=True, now=now)
    await push(app, written)
    return reply(PUBLISHED)


@router.post("/{exam_id}/unpublish/", response_model=ExamStatus, responses=errors(ExamNotFound))
async def unpublish_exam(_: StaffCaller, exam_id: ExamId, now: Now, app: App) -> Response:
    """Hide the exam from students."""
    async with app.database.transaction() as tx:
        written = await service.set_published(tx, exam_id, is_published=False, now=now)
    await push(app, written)
    return reply(UNPUBLISHED)


@router.post(
    "/{exam_id}/copy/",
    status_code=201,
    response_model=ExamDetail,
    responses=errors(ExamNotFound, CodesExhausted),
)
async def copy_exam(caller: StaffCaller, exam_id: ExamId, now: Now, app: App) -> Response:
    """Copy an exam with its questions, unpublished and under a new code."""
    async with app.database.transaction() as tx:
        written = await service.copy_exam(tx, exam_id, author_id=caller.user_id, now=now)
    return await _told(app, written, 201)


async def _require_exam(app: Runtime, exam_id: int) -> None:
    """Answer 404 before the body is judged, and without the write lock."""
    async with app.database.reading() as view:
        await require_exam(view, exam_id, for_student=False)


async def _edited(app: Runtime, exam_id: int, body: ExamCreate, now: Now) -> Response:
    draft = body.draft(only_given=True)
    async with app.database.transaction() as tx:
        written = await service.edit_exam(tx, exam_id, draft, now=now)
    return await _told(app, written, 200)


async def _told(app: Runtime, written: Written, status: int) -> Response:
    await push(app, written)
    return reply(detail_of(written.exam, written.questions), status)


async def push(app: Runtime, written: Written) -> None:
    """Tell results of an exam as it is now; never before its commit."""
    await push_exam(app, state_of(written.exam, as_state(written.questions)))
