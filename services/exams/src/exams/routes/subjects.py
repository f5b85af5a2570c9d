"""Subjects: everybody reads them, staff write them."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from exams.deps import StaffCaller, SubjectId
from exams.errors import SubjectInUse, SubjectNameTaken
from exams.schemas.subjects import SubjectCreate, SubjectOut, subject_of
from exams.service import subjects as service
from shared.http.body import JsonBody, Raw, RawJson, parse
from shared.http.deps import App, Caller, Now, Read, Tx
from shared.http.errors import errors
from shared.http.pagination import Page, json_list, paging
from shared.http.replies import no_content, reply

router = APIRouter(prefix="/api/v1/subjects", tags=["subjects"])


@router.get("/", response_model=list[SubjectOut], responses=errors())
async def list_subjects(
    _: Caller, page: Annotated[Page, paging("id", "name", "created_at")], view: Read
) -> Response:
    """List the subjects."""
    rows, total = await service.list_subjects(
        view,
        search=page.search,
        ordering=page.ordering,
        limit=page.limit,
        offset=page.offset,
    )
    return await json_list(rows, subject_of, total=total, page=page)


@router.post("/", status_code=201, response_model=SubjectOut, responses=errors(SubjectNameTaken))
async def create_subject(
    _: StaffCaller, body: Annotated[SubjectCreate, JsonBody(SubjectCreate)], now: Now, tx: Tx
) -> Response:
    """Add a subject. Names are unique whatever their case."""
    return reply(subject_of(await service.create_subject(tx, body.name, now=now)), 201)


@router.get("/{subject_id}/", response_model=SubjectOut, responses=errors())
async def retrieve_subject(_: Caller, subject_id: SubjectId, view: Read) -> Response:
    """Show a subject."""
    return reply(subject_of(await service.get_subject(view, subject_id)))


@router.put("/{subject_id}/", response_model=SubjectOut, responses=errors(SubjectNameTaken))
async def update_subject(
    _: StaffCaller, subject_id: SubjectId, raw: Annotated[Raw, RawJson(SubjectCreate)], app: App
) -> Response:
    """Rename a subject."""
    async with app.database.reading() as view:
        await service.get_subject(view, subject_id)
    body = parse(SubjectCreate, raw)
    async with app.database.transaction() as tx:
        subject = await service.rename_subject(tx, subject_id, body.name)
    return reply(subject_of(subject))


@router.patch("/{subject_id}/", response_model=SubjectOut, responses=errors(SubjectNameTaken))
async def patch_subject(
    _: StaffCaller,
    subject_id: SubjectId,
    raw: Annotated[Raw, RawJson(SubjectCreate, partial=True)],
    app: App,
) -> Response:
    """Rename a subject, if a name is given."""
    async with app.database.reading() as view:
        await service.get_subject(view, subject_id)
    body = parse(SubjectCreate, raw, partial=True)
    async with app.database.transaction() as tx:
        subject = await service.rename_subject(tx, subject_id, body.name)
    return reply(subject_of(subject))


@router.delete("/{subject_id}/", status_code=204, responses=errors(SubjectInUse))
async def delete_subject(_: StaffCaller, subject_id: SubjectId, tx: Tx) -> Response:
    """Delete a subject that no exam belongs to."""
    await service.delete_subject(tx, subject_id)
    return no_content()
