"""Free loopback ports, below those that the kernel hands out to clients."""

import secrets
import socket
import sys
from pathlib import Path
from typing import Final

from hpa.errors import Refused

HOST: Final = "127.0.0.1"
LOWEST: Final = 12_000
HIGHEST: Final = 32_767
RANGE_FILE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Ports:
    """
    Hands out ports that nobody else has, and holds them.

    A socket that is bound and never listens keeps a port from everybody who looks for a free one,
    yet lets a server in that sets SO_REUSEADDR, as servers do: again and again, when it restarts.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._held: list[socket.socket] = []
        self._highest = _highest()

    def pick(self) -> int:
        """Return a port that is ours from now on. Raises `Refused` when there seems to be none."""
        for _ in range(500):
            port = LOWEST + secrets.randbelow(self._highest - LOWEST + 1)
            if self._hold(port):
                return port
        message = f"no free port on {HOST} between {LOWEST} and {self._highest}"
        raise Refused(message)

    def claim(self, port: int) -> bool:
        """Say whether *port* is free, and keep other suites from it."""
        if not is_free(port):
            return False
        if sys.platform != "linux":
            return True
        # Bound exclusively it would refuse itself for a minute after each stop, so other suites
        # see a name instead, which the kernel takes back however this process ends.
        name = socket.socket(socket.AF_UNIX)
        self._held.append(name)
        try:
            name.bind(f"\0hpa-gateway-{HOST}:{port}")
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let all ports go."""
        for holder in self._held:
            holder.close()
        self._held.clear()

    def _hold(self, port: int) -> bool:
        holder = socket.socket()
        try:
            holder.bind((HOST, port))
        except OSError:
            holder.close()
            return False
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.append(holder)
        return True


def is_free(port: int) -> bool:
    """Say whether a server could listen on *port* now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _highest() -> int:
    """Stay below the ephemeral range: a client's socket may hold any port inside it."""
    try:
        lowest_ephemeral = int(RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError):
        return HIGHEST
    is_roomy = lowest_ephemeral > LOWEST + 1000
    return min(HIGHEST, lowest_ephemeral - 1) if is_roomy else HIGHEST
