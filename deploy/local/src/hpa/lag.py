"""How far each service is behind, as its own metrics tell."""

import asyncio
import re
from dataclasses import asdict, dataclass
from typing import Any, Final

from hpa.health import get
from hpa.options import SERVICES

ASK_SECONDS: Final = 2.0
FIGURE: Final = re.compile(r"^(hpa_\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Lag:
    """What a service has not done yet; None for what it cannot say at the moment."""

    outbox: int | None = None
    """Events that it has written and not published."""
    behind: int | None = None
    """Events of others that it has not handled."""
    dead: int | None = None
    """Events that it put aside."""

    def as_dict(self) -> dict[str, int | None]:
        """Return it for JSON."""
        return asdict(self)


async def ask_lags(targets: list[dict[str, Any]]) -> dict[str, Lag]:
    """Ask one process of each service: what it tells is in the database that all of them share."""
    addresses = {one["labels"]["process"]: str(one["targets"][0]) for one in targets}
    found = [service for service in SERVICES if service in addresses]
    lags = await asyncio.gather(*(_ask(addresses[service]) for service in found))
    return dict(zip(found, lags, strict=True))


async def _ask(address: str) -> Lag:
    try:
        async with asyncio.timeout(ASK_SECONDS):
            answer = await get(int(address.rpartition(":")[2]), "/metrics")
    except (OSError, TimeoutError, ValueError):
        return Lag()
    return lag_of(answer.decode(errors="replace"))


def lag_of(page: str) -> Lag:
    """Read a page of metrics."""
    sums: dict[str, float] = {}
    for name, value in FIGURE.findall(page):
        sums[name] = sums.get(name, 0) + float(value)
    waiting, taken = sums.get("hpa_consumer_waiting"), sums.get("hpa_consumer_unacknowledged")
    return Lag(
        outbox=_whole(sums.get("hpa_outbox_waiting")),
        behind=_whole(None if waiting is None or taken is None else waiting + taken),
        dead=_whole(sums.get("hpa_dead_letters")),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
