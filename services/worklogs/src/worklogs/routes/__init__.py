"""HTTP in and out, by noun."""

from worklogs.routes import attendance, dashboard, scores, work_logs

ROUTERS = (attendance.router, scores.router, work_logs.router, dashboard.router)
