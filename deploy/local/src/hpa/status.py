"""`hpa status`: which parts run, which are ready, and how far they are behind."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

from hpa.console import paint
from hpa.health import ask_health
from hpa.known import Known, is_alive
from hpa.lag import Lag, ask_lags

UP, DOWN, STOPPED = 0, 1, 3
COLUMNS = ("outbox", "behind", "dead")


def show_status(known: Known, *, as_json: bool) -> int:
    """Print the state of every part; the exit code is 0 only when all is well."""
    stack = known.stack()
    if stack is None:
        state = "starting" if known.is_running else "stopped"
        print(json.dumps({"status": state}) if as_json else f"The suite is {state}.")
        return DOWN if known.is_running else STOPPED
    parts = _parts(stack, asyncio.run(ask_lags(known.targets())))
    code = UP if all(part["state"] == "ok" for part in parts) else DOWN
    if as_json:
        print(json.dumps({"status": "ok" if code == UP else "degraded", "parts": parts}, indent=2))
        return code
    figures = f"{'OUTBOX':>8}{'BEHIND':>8}{'DEAD':>6}"
    print(paint(f"{'PART':<12}{'STATE':<12}{'PIDS':<22}{figures}  ADDRESS", "bold"))
    for part in parts:
        pids = " ".join(str(pid) for pid in part["pids"])
        lag = part.get("lag", {})
        told = {name: "-" if lag.get(name) is None else str(lag[name]) for name in COLUMNS}
        figures = f"{told['outbox']:>8}{told['behind']:>8}{told['dead']:>6}"
        state = paint(f"{part['state']:<12}", "green" if part["state"] == "ok" else "red")
        print(f"{part['name']:<12}{state}{pids:<22}{figures}  {part['url']}")
    return code


def _parts(stack: dict[str, Any], lags: dict[str, Lag]) -> list[dict[str, Any]]:
    health = asyncio.run(ask_health(urlsplit(stack["gateway"]["url"]).port or 80))
    gateway = _part("gateway", stack["gateway"]["url"], [stack["gateway"]["pid"]])
    if gateway["state"] == "ok" and not health.has_answered:
        gateway["state"] = "not ready"
    found = [gateway, _part("nats", _bare(stack["nats"]["url"]), [stack["nats"]["pid"]])]
    for name, service in stack["services"].items():
        part = _part(name, service["url"], service["pids"])
        if part["state"] == "ok" and name not in health.ready:
            part["state"] = "not ready"
        found.append({**part, "lag": lags.get(name, Lag()).as_dict()})
    return found


def _part(name: str, url: str, pids: list[int]) -> dict[str, Any]:
    state = "ok" if all(is_alive(pid) for pid in pids) else "down"
    return {"name": name, "state": state, "pids": pids, "url": url}


def _bare(url: str) -> str:
    """Return *url* without its credentials: a terminal is no place for them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}"
