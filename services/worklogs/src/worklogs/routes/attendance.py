"""Attendance over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from shared.errors import Forbidden, Invalid
from shared.http.body import JsonBody, Raw, RawJson
from shared.http.deps import App, Caller, Read, Tx
from shared.http.errors import errors
from shared.http.pagination import Page, paging
from shared.http.replies import no_content, reply
from worklogs.deps import AnyFilters, AtDesk, AttendanceId, IdFilter, StaffCaller, StatusFilter
from worklogs.errors import AttendanceNotFound, NotUnique
from worklogs.routes import books
from worklogs.schemas import MAX_ITEMS, AttendanceOut, AttendanceWrite
from worklogs.service import records
from worklogs.service.records import ATTENDANCES

router = APIRouter(prefix="/api/v1/attendance", tags=["attendance"])

ORDERING = ("id", "date", "employee", "student", "status", "created_at", "updated_at")


@router.get("/", response_model=list[AttendanceOut], responses=errors(Invalid))
async def list_attendance(
    caller: Caller,
    filters: AnyFilters,
    page: Annotated[Page, paging(*ORDERING)],
    view: Read,
    student: IdFilter = None,
    status: StatusFilter = None,
) -> Response:
    """List attendances, newest day first; a student sees his own."""
    wanted = books.filter_of(filters, page, student=student, status=status)
    return await books.list_records(view, ATTENDANCES, wanted, page, caller)


@router.post(
    "/",
    status_code=201,
    response_model=AttendanceOut | list[AttendanceOut],
    responses=errors(Invalid, Forbidden),
)
async def record_attendance(
    _: StaffCaller,
    desk: AtDesk,
    body: Annotated[
        AttendanceWrite | list[AttendanceWrite], JsonBody(AttendanceWrite, many=MAX_ITEMS)
    ],
    app: App,
) -> Response:
    """
    Record who was there: one row, or an array, all or nothing.

    The same student, date and employee again changes the row that is there.
    """
    return await books.record(app, ATTENDANCES, body, desk)


@router.get("/{attendance_id}/", response_model=AttendanceOut, responses=errors(AttendanceNotFound))
async def get_attendance(caller: Caller, attendance_id: AttendanceId, view: Read) -> Response:
    """Show one attendance."""
    return reply(await records.find_record(view, ATTENDANCES, attendance_id, caller))


@router.put(
    "/{attendance_id}/",
    response_model=AttendanceOut,
    responses=errors(AttendanceNotFound, Forbidden, NotUnique),
)
async def replace_attendance(
    caller: StaffCaller,
    desk: AtDesk,
    attendance_id: AttendanceId,
    raw: Annotated[Raw, RawJson(AttendanceWrite)],
    app: App,
) -> Response:
    """Change an attendance; what it requires must be there."""
    body = (AttendanceWrite, raw, False)
    changes = await books.changes_of(app, ATTENDANCES, attendance_id, body, caller)
    return await books.edit(app, ATTENDANCES, attendance_id, changes, desk)


@router.patch(
    "/{attendance_id}/",
    response_model=AttendanceOut,
    responses=errors(AttendanceNotFound, Forbidden, NotUnique),
)
async def update_attendance(
    caller: StaffCaller,
    desk: AtDesk,
    attendance_id: AttendanceId,
    raw: Annotated[Raw, RawJson(AttendanceWrite, partial=True)],
    app: App,
) -> Response:
    """Change some fields of an attendance."""
    body = (AttendanceWrite, raw, True)
    changes = await books.changes_of(app, ATTENDANCES, attendance_id, body, caller)
    return await books.edit(app, ATTENDANCES, attendance_id, changes, desk)


@router.delete(
    "/{attendance_id}/", status_code=204, responses=errors(AttendanceNotFound, Forbidden)
)
async def delete_attendance(
    _: StaffCaller, desk: AtDesk, attendance_id: AttendanceId, tx: Tx
) -> Response:
    """Delete an attendance; the day is computed anew."""
    await records.delete_record(tx, ATTENDANCES, attendance_id, desk)
    return no_content()
