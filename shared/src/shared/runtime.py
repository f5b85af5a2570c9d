"""What a running service holds; `request.app.state.hpa` in routes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.db.engine import Database
from shared.db.writable import WriteCheck
from shared.events.runtime import EventRuntime
from shared.settings import ServiceSettings

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from shared.http.client import InternalClient
    from shared.http.load import Load
    from shared.security.authenticator import Authenticator
    from shared.security.tokens import TokenVerifier
    from shared.users import Users


@dataclass
class Runtime:
    """Everything built once per process."""

    name: str
    settings: ServiceSettings
    database: Database
    verifier: "TokenVerifier"
    authenticator: "Authenticator"
    events: EventRuntime
    clients: "dict[str, InternalClient]" = field(default_factory=dict)
    users: "Users | None" = None
    load: "Load | None" = None
    """What is in flight; set when the first request comes."""
    gauges: "list[Callable[[], Iterable[Metric]]]" = field(default_factory=list)
    """Figures of this service alone, read whenever `/metrics` is."""
    draining: bool = False
    """Set by SIGTERM: `/health/` answers 503, everything else goes on for a while."""
    writes: WriteCheck = field(init=False)

    def __post_init__(self) -> None:
        """Build what needs nothing but the others."""
        self.writes = WriteCheck(self.database)
