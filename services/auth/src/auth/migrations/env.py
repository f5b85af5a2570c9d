"""Alembic's entry: the tables of auth and those that every service has."""

from auth.models import Base
from shared.db.migrate import run_env

run_env(Base.metadata)
