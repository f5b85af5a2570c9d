"""What other services ask: exams with their keys, subjects, and digests to compare replicas by."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from exams.deps import ExamContents, ExamId
from exams.service import exams, subjects
from shared.http.body import JsonBody
from shared.http.deps import Read
from shared.http.fields import MAX_ID, Id, Input
from shared.http.internal import ServiceCaller
from shared.http.replies import reply

router = APIRouter(prefix="/internal")

SUBJECT_PAGE = 1000
MAX_IDS = 1000

After = Annotated[int, Query(ge=0, le=MAX_ID)]


@router.get("/exams/")
async def list_exam_states(
    _: ServiceCaller,
    view: Read,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=exams.STATE_PAGE)] = exams.STATE_PAGE,
) -> Response:
    """Return exams with their keys by id, deleted ones without questions; read until none comes."""
    return reply(await exams.list_exam_states(view, after=after, limit=limit))


@router.get("/exams/digest/")
async def digest_exams(_: ServiceCaller, view: Read) -> Response:
    """Return how many exams there are, deleted ones too, and the sum of their versions."""
    count, versions = await exams.digest_of_exams(view)
    return reply({"count": count, "versions": versions})


class ExamIds(Input):
    """The exams whose versions are asked for."""

    ids: Annotated[list[Id], Field(max_length=MAX_IDS)]


@router.post("/exams/versions/")
async def list_exam_versions(
    _: ServiceCaller, body: Annotated[ExamIds, JsonBody(ExamIds)], view: Read
) -> Response:
    """Return (id, version) of the exams that there are: whether something is new about them."""
    return reply(await exams.list_versions(view, body.ids))


@router.get("/exams/{exam_id}/")
async def retrieve_exam_state(
    _: ServiceCaller, exam_id: ExamId, contents: ExamContents, view: Read
) -> Response:
    """Return an exam with its key."""
    return reply(await exams.exam_state(view, contents, exam_id))


@router.get("/subjects/")
async def list_subject_states(
    _: ServiceCaller,
    view: Read,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=SUBJECT_PAGE)] = SUBJECT_PAGE,
) -> Response:
    """Return subjects by id, deleted ones too."""
    return reply(await subjects.list_subject_states(view, after=after, limit=limit))


@router.get("/subjects/digest/")
async def digest_subjects(_: ServiceCaller, view: Read) -> Response:
    """Return how many subjects there are, deleted ones too, and the sum of their versions."""
    count, versions = await subjects.digest_of_subjects(view)
    return reply({"count": count, "versions": versions})
