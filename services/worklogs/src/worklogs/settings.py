"""Settings of the worklogs service."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables; the shared ones are in `shared.settings`."""

    day_check_seconds: float = 30.0
    """How often the day's job looks at the clock at least, whatever it thinks the time is."""
