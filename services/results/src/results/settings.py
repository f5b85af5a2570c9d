"""Settings of the results service."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables; the shared ones are in `shared.settings`."""

    submit_queue: int = Field(default=600, ge=1, le=2000)
    """Hand-ins that may wait for their transaction; more are refused with 503 at once."""
    submit_batch: int = Field(default=64, ge=1, le=256)
    """Hand-ins that share one transaction at most."""
