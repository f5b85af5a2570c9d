"""What routes ask for beside the shared things."""

from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request

from exams.errors import ExamNotFound, SubjectNotFound
from exams.service.catalogue import Catalogue
from exams.service.contents import Contents
from shared.http.deps import path_id, require_role
from shared.security.principal import Principal

StaffCaller = Annotated[Principal, Depends(require_role("employee", "owner"))]
"""Who may write, and see keys."""

ExamId = Annotated[int, path_id("exam_id", ExamNotFound)]
SubjectId = Annotated[int, path_id("subject_id", SubjectNotFound)]


async def _contents(request: Request) -> Contents:
    return cast("Contents", request.app.state.contents)


ExamContents = Annotated[Contents, Depends(_contents)]
"""The questions this process has rendered before."""


async def _catalogue(request: Request) -> Catalogue:
    return cast("Catalogue", request.app.state.catalogue)


ExamCatalogue = Annotated[Catalogue, Depends(_catalogue)]
"""The list of exams as this process has written it before."""


def is_student(caller: Principal) -> bool:
    """Say whether the caller must not see keys and drafts."""
    return caller.role == "student"
