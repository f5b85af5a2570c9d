"""What a running service holds; `request.app.state.hpa` in routes."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shared.db.engine import Database
from shared.settings import ServiceSettings

if TYPE_CHECKING:
    from shared.http.client import InternalClient
    from shared.security.authenticator import Authenticator
    from shared.security.tokens import ServiceTokens, TokenVerifier


@dataclass
class Runtime:
    """Everything built once per process."""

    name: str
    settings: ServiceSettings
    database: Database
    verifier: "TokenVerifier"
    authenticator: "Authenticator"
    service_tokens: "ServiceTokens"
    clients: "dict[str, InternalClient]" = field(default_factory=dict)
    users: Any = None
    bus: Any = None
    relay: Any = None
    draining: bool = False
