"""Handing in an exam."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from results.deps import ExamId, IdempotencyKey, IntakeOf, StudentCaller
from results.domain import Answer
from results.errors import (
    AlreadySubmitted,
    AnswersInvalid,
    ExamClosed,
    ExamNotFound,
    KeyReused,
    StillInProgress,
)
from results.schemas import SubmitIn, SubmitOut
from results.service.submits import Submission
from shared.errors import DomainError
from shared.http.body import Raw, RawJson, parse
from shared.http.errors import errors
from shared.http.replies import JSON
from shared.telemetry import tracing

router = APIRouter(prefix="/api/v1/exams", tags=["submit"])

REFUSALS: Final = errors(
    ExamNotFound, ExamClosed, AlreadySubmitted, AnswersInvalid, KeyReused, StillInProgress
)
REPLAYED: Final = {"schema": {"const": "true"}, "description": "The answer of an earlier request."}
LOCATION: Final = {"schema": {"type": "string"}, "description": "Of the result there is already."}


@router.post(
    "/{exam_id}/submit/",
    response_model=SubmitOut,
    responses={
        **REFUSALS,
        200: {"headers": {"Idempotency-Replayed": REPLAYED}},
        400: {**REFUSALS[400], "headers": {"Location": LOCATION}},
    },
)
async def submit_exam(
    caller: StudentCaller,
    exam_id: ExamId,
    key: IdempotencyKey,
    intake: IntakeOf,
    raw: Annotated[Raw, RawJson(SubmitIn)],
) -> Response:
    """
    Hand in an exam, once. Its score is final but for written answers.

    Checked in this order: an existing result (400, `Location` of it), published and active, then
    the answers. With an `Idempotency-Key`, a retry of the same request gets the same answer.
    """
    submission = Submission(
        exam_id=exam_id,
        student_id=caller.user_id,
        answers=_answers(raw),
        fingerprint=hashlib.sha256(b"%d:%b" % (exam_id, raw)).hexdigest(),
        key=key,
        traceparent=tracing.traceparent(),
    )
    accepted = await intake.submit(submission)
    headers = {"Idempotency-Replayed": "true"} if accepted.replayed else None
    return Response(accepted.body, headers=headers, media_type=JSON)


def _answers(raw: Raw) -> Sequence[Answer] | DomainError:
    """Read the body; what is wrong with it is told only after the earlier checks."""
    try:
        body = parse(SubmitIn, raw)
    except DomainError as error:
        return error
    return [Answer(one.question_id, one.option_id, one.written_answer) for one in body.answers]
