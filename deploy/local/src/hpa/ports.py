"""Free loopback ports, below those that the kernel hands out to clients."""

import secrets
import socket
from pathlib import Path
from typing import Final

from hpa.errors import Refused

HOST: Final = "127.0.0.1"
LOWEST: Final = 12_000
HIGHEST: Final = 32_767
RANGE_FILE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Ports:
    """Hands out ports that nobody listens on, each once."""

    def __init__(self, taken: set[int]) -> None:
        """Start with the ports in *taken* out of reach."""
        self._taken = set(taken)
        self._highest = _highest()

    def pick(self) -> int:
        """Return a free port. Raises `Refused` when there seems to be none."""
        for _ in range(500):
            port = LOWEST + secrets.randbelow(self._highest - LOWEST + 1)
            if port not in self._taken and is_free(port):
                self._taken.add(port)
                return port
        message = f"no free port on {HOST} between {LOWEST} and {self._highest}"
        raise Refused(message)


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
