"""Builds the results service."""

from fastapi import FastAPI

from results import internal
from results.clients import ExamsClient
from results.consumers import consumers
from results.intake import Intake
from results.jobs import keep_exams, serve_intake
from results.routes import export, results, submits
from results.settings import Settings
from results.texts import TEXTS
from shared.app import build_app
from shared.runtime import Runtime


def create_app(settings: Settings) -> FastAPI:
    """Return the application; nothing is opened before its lifespan begins."""
    app = build_app(
        name="results",
        title="HPA results",
        description="Results and answers, graded from a replica of every exam version.",
        settings=settings,
        routers=[submits.router, results.router, export.router],
        internal_routers=[internal.router],
        consumers=consumers,
        users=True,
        background=[serve_intake, keep_exams],
        texts=TEXTS,
        deadlines={export.PATH: export.SECONDS},
    )
    runtime: Runtime = app.state.hpa
    app.state.intake = Intake(
        runtime.database,
        ExamsClient(runtime),
        queue=settings.submit_queue,
        batch=settings.submit_batch,
    )
    return app
