"""What the document service reads from its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

LAST_PORT: Final = 65535
LONGEST_DRAIN: Final = 8.0


@dataclass(frozen=True)
class Settings:
    """HOST, PORT, LOG_LEVEL, DRAIN_SECONDS and SERVICES, `auth=http://…,exams=http://…`."""

    host: str = "127.0.0.1"
    port: int = 8000
    log_level: str = "INFO"
    drain_seconds: float = 3.0
    services: str = ""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings. Raises `ValueError` when one makes no sense."""
        given = {name.lower(): value for name, value in environment.items() if value}
        settings = cls(
            host=given.get("host", cls.host),
            port=int(given.get("port", cls.port)),
            log_level=given.get("log_level", cls.log_level),
            drain_seconds=float(given.get("drain_seconds", cls.drain_seconds)),
            services=given.get("services", cls.services),
        )
        if not 0 < settings.port <= LAST_PORT:
            message = f"PORT is {settings.port}, which is no port"
            raise ValueError(message)
        if not 0 <= settings.drain_seconds <= LONGEST_DRAIN:
            message = (
                f"DRAIN_SECONDS is {settings.drain_seconds:g}; containers are killed after 30 s"
            )
            raise ValueError(message)
        if not settings.replicas:
            message = "SERVICES is empty; it reads auth=http://host:port,exams=http://host:port,…"
            raise ValueError(message)
        return settings

    @property
    def replicas(self) -> dict[str, list[str]]:
        """Return the base URLs by service; a service named twice has two replicas."""
        found: dict[str, list[str]] = {}
        for part in filter(None, (one.strip() for one in self.services.split(","))):
            name, _, url = part.partition("=")
            if not (name and url.startswith("http")):
                message = f"SERVICES: {part!r} is not name=http://host:port"
                raise ValueError(message)
            found.setdefault(name, []).append(url.rstrip("/"))
        return found
