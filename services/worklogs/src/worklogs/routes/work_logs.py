"""Work logs over HTTP: nobody writes them, they follow from what is recorded."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from shared.errors import Forbidden, Invalid
from shared.http.deps import Read
from shared.http.errors import errors
from shared.http.pagination import Page, json_stream, paging
from shared.http.replies import reply
from worklogs.deps import (
    AnyFilters,
    AtDesk,
    IdFilter,
    Month,
    StaffCaller,
    WorkedFilter,
    WorkLogId,
    month_of,
)
from worklogs.domain import LogFilter
from worklogs.errors import WorkLogNotFound
from worklogs.schemas import WorkLogOut, WorkLogSummary
from worklogs.service import reports
from worklogs.service.reports import LOG_FIELDS

router = APIRouter(prefix="/api/v1/work-logs", tags=["work-logs"])

ORDERING = ("id", "date", "employee", "status", "created_at")


@router.get("/", response_model=list[WorkLogOut], responses=errors(Invalid, Forbidden))
async def list_work_logs(
    _: StaffCaller,
    filters: AnyFilters,
    page: Annotated[Page, paging(*ORDERING)],
    view: Read,
    status: WorkedFilter = None,
) -> Response:
    """List work logs, newest day first."""
    wanted = LogFilter(
        employee=filters.employee,
        date=filters.date,
        date_from=filters.date_from,
        date_to=filters.date_to,
        status=status,
        search=page.search,
    )
    rows, total = await reports.list_logs(
        view, wanted, ordering=page.ordering, limit=page.limit, offset=page.offset
    )
    return await json_stream(
        rows, lambda row: dict(zip(LOG_FIELDS, row, strict=True)), total=total, page=page
    )


@router.get("/summary/", response_model=list[WorkLogSummary], responses=errors(Invalid, Forbidden))
async def summarize_month(
    _: StaffCaller, desk: AtDesk, view: Read, month: Month = None, employee: IdFilter = None
) -> Response:
    """Show per employee the days worked in a month and what each other day so far lacks."""
    asked = month_of(month, desk.today)
    return reply(await reports.summarize_month(view, asked, today=desk.today, employee_id=employee))


@router.get(
    "/{work_log_id}/", response_model=WorkLogOut, responses=errors(WorkLogNotFound, Forbidden)
)
async def get_work_log(_: StaffCaller, work_log_id: WorkLogId, view: Read) -> Response:
    """Show one work log."""
    return reply(await reports.get_log(view, work_log_id))
