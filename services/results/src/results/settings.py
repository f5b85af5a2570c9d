"""Settings of the results service."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Environment variables; the shared ones are in `shared.settings`."""

    submit_queue: int = 600
    """Hand-ins that may wait for their transaction; more are refused with 503 at once."""
    submit_batch: int = 64
    """Hand-ins that share one transaction at most."""
