"""What Alembic runs: all tables of this service."""

from shared.db.migrate import run_env
from worklogs.models import Base

run_env(Base.metadata)
