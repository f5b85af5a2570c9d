"""What the other commands know of a suite from its data directory, running or not."""

import json
import os
from dataclasses import dataclass
from typing import Any

from hpa import lock
from hpa.credentials import Secrets
from hpa.errors import Refused
from hpa.options import Options
from hpa.paths import DataDir


@dataclass(frozen=True)
class Known:
    """A suite that has been started at least once."""

    options: Options
    data: DataDir
    secrets: Secrets

    @property
    def is_running(self) -> bool:
        """Say whether any of its processes lives."""
        return lock.is_held(self.data.lock)

    def stack(self) -> dict[str, Any] | None:
        """Return stack.json of the running suite, None when there is none."""
        try:
            found: dict[str, Any] = json.loads(self.data.stack.read_text())
        except FileNotFoundError:
            return None
        return found if self.is_running else None

    def targets(self) -> list[dict[str, Any]]:
        """Return where the running suite's processes tell their metrics; empty without one."""
        try:
            found: list[dict[str, Any]] = json.loads(self.data.targets.read_text())
        except FileNotFoundError:
            return []
        return found


def known_suite(options: Options) -> Known:
    """Return the suite of HPA_DATA_DIR. Raises `Refused` when none was ever started there."""
    data = DataDir(options.data_dir)
    secrets = Secrets.load(data)
    if not secrets.database_urls:
        message = f"no suite has been started in {data.root}: run `hpa up`, or set HPA_DATA_DIR"
        raise Refused(message)
    return Known(options, data, secrets)


def is_alive(pid: int) -> bool:
    """Say whether a process of ours lives."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
