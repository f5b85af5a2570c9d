"""`hpa status`: which parts run and which are ready."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

from hpa.health import ask_health
from hpa.known import Known, is_alive

UP, DOWN, STOPPED = 0, 1, 3


def show_status(known: Known, *, as_json: bool) -> int:
    """Print the state of every part; the exit code is 0 only when all is well."""
    stack = known.stack()
    if stack is None:
        state = "starting" if known.is_running else "stopped"
        print(json.dumps({"status": state}) if as_json else f"The suite is {state}.")
        return DOWN if known.is_running else STOPPED
    parts = _parts(stack)
    code = UP if all(part["state"] == "ok" for part in parts) else DOWN
    if as_json:
        print(json.dumps({"status": "ok" if code == UP else "degraded", "parts": parts}, indent=2))
        return code
    print(f"{'PART':<12}{'STATE':<12}{'PIDS':<22}ADDRESS")
    for part in parts:
        pids = " ".join(str(pid) for pid in part["pids"])
        print(f"{part['name']:<12}{part['state']:<12}{pids:<22}{part['url']}")
    return code


def _parts(stack: dict[str, Any]) -> list[dict[str, Any]]:
    health = asyncio.run(ask_health(urlsplit(stack["gateway"]["url"]).port or 80))
    gateway = _part("gateway", stack["gateway"]["url"], [stack["gateway"]["pid"]])
    if gateway["state"] == "ok" and not health.has_answered:
        gateway["state"] = "not ready"
    found = [gateway, _part("nats", _bare(stack["nats"]["url"]), [stack["nats"]["pid"]])]
    for name, service in stack["services"].items():
        part = _part(name, service["url"], service["pids"])
        if part["state"] == "ok" and name not in health.ready:
            part["state"] = "not ready"
        found.append(part)
    return found


def _part(name: str, url: str, pids: list[int]) -> dict[str, Any]:
    state = "ok" if all(is_alive(pid) for pid in pids) else "down"
    return {"name": name, "state": state, "pids": pids, "url": url}


def _bare(url: str) -> str:
    """Return *url* without its credentials: a terminal is no place for them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}"
