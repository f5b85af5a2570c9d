"""Settings of the worklogs service."""

from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables; the shared ones are in `shared.settings`."""

    day_check_seconds: float = Field(default=30.0, gt=0, le=300)
    """How often the day's job looks into the database, whatever the clock says."""

    @field_validator("hpa_time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        """Refuse to start in a zone that there is not, rather than to fail at each recording."""
        return ZoneInfo(name).key
