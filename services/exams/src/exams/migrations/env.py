"""What Alembic runs: all tables of this service."""

from exams.models import Base
from shared.db.migrate import run_env

run_env(Base.metadata)
