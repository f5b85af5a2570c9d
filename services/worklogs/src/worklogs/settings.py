"""Settings of the worklogs service."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables; the shared ones are in `shared.settings`."""

    day_check_seconds: float = Field(default=30.0, gt=0, le=300)
    """How often the day's job looks into the database, whatever the clock says."""
