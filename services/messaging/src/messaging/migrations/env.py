"""Alembic's entry: the metadata of this service and the shared tables."""

from messaging.models import Base
from shared.db.migrate import run_env

run_env(Base.metadata)
