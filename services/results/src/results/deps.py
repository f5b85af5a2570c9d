"""What the routes of this service ask for."""

import re
from typing import Annotated, Final, cast

from fastapi import Depends
from starlette.requests import Request

from results.errors import AnswerNotFound, ExamNotFound, ResultNotFound
from results.intake import Intake
from shared.errors import Invalid
from shared.http.deps import path_id, require_role
from shared.security.principal import Principal

StudentCaller = Annotated[Principal, Depends(require_role("student"))]
StaffCaller = Annotated[Principal, Depends(require_role("employee", "owner"))]

ExamId = Annotated[int, path_id("exam_id", ExamNotFound)]
ResultId = Annotated[int, path_id("result_id", ResultNotFound)]
AnswerId = Annotated[int, path_id("answer_id", AnswerNotFound)]

_KEY: Final = re.compile(r"[\x20-\x7e]{1,255}")
_KEY_SCHEMA: Final = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*$"}


async def _intake(request: Request) -> Intake:
    return cast("Intake", request.scope["app"].state.intake)


class _IdempotencyKey:
    """Reads the header that makes a retry harmless; `parameters` goes into the document."""

    parameters = (
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": _KEY_SCHEMA,
            "description": "Made up by the client; a retry with the same key changes nothing.",
        },
    )

    async def __call__(self, request: Request) -> str | None:
        """Return the key, or None. Raises `Invalid`."""
        keys = request.headers.getlist("idempotency-key")
        if not keys:
            return None
        # Of two keys nobody knows which one the client will come again with.
        if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
            name = "Idempotency-Key"
            raise Invalid.field(name, "1 to 255 printable ASCII characters are allowed, once.")
        return keys[0]


IntakeOf = Annotated[Intake, Depends(_intake)]
IdempotencyKey = Annotated[str | None, Depends(_IdempotencyKey())]
