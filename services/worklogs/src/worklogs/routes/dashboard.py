"""The dashboard over HTTP."""

from fastapi import APIRouter
from starlette.responses import Response

from shared.errors import Forbidden
from shared.http.deps import App, Look, Now
from shared.http.errors import errors
from shared.http.replies import reply
from worklogs.deps import StaffCaller
from worklogs.schemas import DashboardOut
from worklogs.service import reports

router = APIRouter(prefix="/api/v1/dashboard", tags=["dashboard"])


@router.get("/", response_model=DashboardOut, responses=errors(Forbidden))
async def show_dashboard(_: StaffCaller, app: App, now: Now, look: Look) -> Response:
    """Show the academy's day in numbers."""
    zone = app.settings.hpa_time_zone
    return reply(await reports.show_dashboard(look, now=now, zone=zone))
