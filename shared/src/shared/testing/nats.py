"""A real nats-server with JetStream and the suite's users, for tests."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from shared.contracts.catalog import OUTSIDE_PRODUCERS
from shared.events.nats_config import render
from shared.events.topology import SERVICES
from shared.testing import processes

USERS: Final = (*SERVICES, *OUTSIDE_PRODUCERS, "ops")


class NatsServer:
    """A server that a test may kill, start again and rob of its store."""

    def __init__(self, folder: Path) -> None:
        """Prepare the configuration in *folder* and start."""
        self.folder = folder
        self.port = processes.free_port()
        self.monitor = processes.free_port()
        self.store = folder / "jetstream"
        config = render(
            {user: f"{user}-password" for user in USERS},
            listen=f"127.0.0.1:{self.port}",
            monitor=f"127.0.0.1:{self.monitor}",
            store=self.store,
        )
        (folder / "nats.conf").write_text(config)
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def url(self, user: str) -> str:
        """Return the URL with which *user* connects."""
        return f"nats://{user}:{user}-password@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait for its port."""
        binary = Path(sys.executable).parent / "nats-server"
        self.process = processes.start(
            [binary, "-c", self.folder / "nats.conf"], log=self.folder / "nats.log"
        )
        processes.wait_until(lambda: processes.listens(self.port), seconds=10, what="NATS starts")

    def kill(self) -> None:
        """Kill the server as a power cut would."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)

    def wipe(self) -> None:
        """Kill the server, delete its store and start it again, empty."""
        self.kill()
        shutil.rmtree(self.store, ignore_errors=True)
        self.start()
