"""Builds the application: the only place that knows all parts."""

from fastapi import FastAPI

from exams import internal
from exams.consumers import consumers
from exams.jobs import drop_old_misses, keep_results_equal
from exams.routes import exams, imports, subjects, writing
from exams.service.catalogue import Catalogue
from exams.service.contents import Contents
from exams.settings import Settings
from exams.texts import TEXTS
from shared.app import build_app

DESCRIPTION = "Subjects, and exams with their questions. Students see published ones, without keys."


def create_app(settings: Settings) -> FastAPI:
    """Return the application for *settings*."""
    app = build_app(
        name="exams",
        title="HPA exams",
        description=DESCRIPTION,
        settings=settings,
        routers=[subjects.router, exams.router, writing.router, imports.router],
        internal_routers=[internal.router],
        consumers=consumers,
        users=True,
        texts=TEXTS,
        background=[keep_results_equal, drop_old_misses],
    )
    app.state.contents = Contents()
    app.state.catalogue = Catalogue()
    return app
