"""Asking the gateway whether every part is ready."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from hpa.ports import HOST

ASK_SECONDS: Final = 2.0
OK: Final = 200


@dataclass(frozen=True)
class Health:
    """One answer of `/api/v1/health/`, or that there was none."""

    is_ok: bool = False
    has_answered: bool = False
    ready: frozenset[str] = frozenset()
    says: str = ""


async def ask_health(port: int) -> Health:
    """Ask once; whatever goes wrong means not ready. No client library: it starts in no time."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            return _parse(await get(port, "/api/v1/health/"))
    except (OSError, TimeoutError, ValueError):
        return Health()


async def get(port: int, path: str) -> bytes:
    """Return a whole answer, head and body. Raises `OSError`."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        head = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        return await reader.read(-1)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _parse(answer: bytes) -> Health:
    head, _, body = answer.partition(b"\r\n\r\n")
    version, _, rest = head.partition(b" ")
    if not version.startswith(b"HTTP/"):
        return Health()
    status = int(rest[:3])
    text = body[body.find(b"{") : body.rfind(b"}") + 1]
    found = json.loads(text) if text else {}
    services = found.get("services", {}) if isinstance(found, dict) else {}
    ready = frozenset(name for name, state in services.items() if state == "ok")
    says = ", ".join(f"{name}: {state}" for name, state in services.items() if state != "ok")
    return Health(is_ok=status == OK, has_answered=True, ready=ready, says=says)
