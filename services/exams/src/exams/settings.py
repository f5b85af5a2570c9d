"""What the service reads from its environment."""

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """`RESULTS_URL` and `RESULTS_SECRET`: where changes are pushed; without them events suffice."""
