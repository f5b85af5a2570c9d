"""Routes for other services, opened by a service token only."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from results.deps import ExamId
from results.service import exams as exams_service
from results.service import results as service
from shared.errors import Forbidden
from shared.http.body import JsonBody
from shared.http.deps import App, Read
from shared.http.fields import Id, Input
from shared.http.internal import ServiceCaller, service_caller
from shared.http.replies import no_content, reply

router = APIRouter(prefix="/internal", tags=["internal"])


class OptionState(Input):
    """An option with its key."""

    id: Id
    text: str
    is_correct: bool


class QuestionState(Input):
    """A question with its key."""

    id: Id
    text: str
    type: str
    options: list[OptionState]


class ExamState(Input):
    """An exam as exams pushes it."""

    exam_id: Id
    version: Id
    questions_version: Id
    title: str
    is_published: bool
    is_active: bool
    is_deleted: bool
    questions: Annotated[list[QuestionState], Field(max_length=300)]


@router.put("/exams/{exam_id}/")
async def keep_exam(
    caller: ServiceCaller,
    exam_id: ExamId,
    app: App,
    body: Annotated[ExamState, JsonBody(ExamState)],
) -> Response:
    """Keep a version of an exam; exams waits for this before it answers its own caller."""
    if caller != "exams" or body.exam_id != exam_id:
        raise Forbidden
    async with app.database.transaction(urgent=True) as tx:
        await exams_service.keep_exam(tx, body.model_dump())
    return no_content()


@router.get("/results/digest/", dependencies=[Depends(service_caller)])
async def digest_results(view: Read) -> Response:
    """Answer how many results there ever were and the sum of their versions."""
    count, versions = await service.digest(view)
    return reply({"count": count, "versions": versions})


@router.get("/results/", dependencies=[Depends(service_caller)])
async def list_result_states(
    view: Read,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> Response:
    """Answer the states of results after an id, deleted ones too."""
    states: list[dict[str, Any]] = await service.list_states(view, after, limit)
    return reply(states)
