"""The only place that builds things."""

from fastapi import FastAPI

from shared.app import build_app
from worklogs.consumers import consumers
from worklogs.jobs import keep_days_open, keep_subjects
from worklogs.routes import ROUTERS
from worklogs.settings import Settings
from worklogs.texts import TEXTS


def create_app(settings: Settings) -> FastAPI:
    """Build the application of the worklogs service."""
    app = build_app(
        name="worklogs",
        title="HPA worklogs",
        description="Attendance, scores, the work logs that follow from them, and the dashboard.",
        settings=settings,
        routers=ROUTERS,
        consumers=consumers,
        users=True,
        texts=TEXTS,
        background=[keep_days_open, keep_subjects],
    )
    app.state.settings = settings
    return app
