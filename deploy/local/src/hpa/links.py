"""Who speaks to whom inside the suite."""

from collections.abc import Mapping
from typing import Final

CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "auth": (),
    "exams": ("auth", "results"),
    "results": ("auth", "exams"),
    "messaging": ("auth",),
    "worklogs": ("auth", "exams"),
}
"""Which services a service may ask over internal HTTP."""
LINKS: Final = frozenset(
    f"{service}>{other}" for service, called in CALLS.items() for other in (*called, "nats")
)
"""Each of these calls, and the line of each service to the broker."""
