"""Where things lie in the data directory."""

import json
import os
from pathlib import Path
from typing import Any, Final

PRIVATE_DIR: Final = 0o700
PRIVATE_FILE: Final = 0o600


class DataDir:
    """The directory that holds everything a suite keeps: one suite, one directory."""

    def __init__(self, root: Path) -> None:
        """Name the places; nothing is made yet."""
        self.root = root
        self.lock = root / "suite.lock"
        self.secrets = root / "secrets.json"
        self.stack = root / "stack.json"
        self.targets = root / "metrics.json"
        self.databases = root / "db"
        self.keys = root / "keys"
        self.jwks = root / "jwks"
        self.nats_store = root / "nats"
        self.nats_config = root / "nats.conf"
        self.traefik_config = root / "traefik.yml"
        self.logs = root / "logs"

    def make(self) -> None:
        """Make the directories, for the owner's eyes only."""
        for path in (self.root, self.databases, self.keys, self.jwks, self.nats_store, self.logs):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(PRIVATE_DIR)

    def sqlite(self, service: str) -> Path:
        """Return the SQLite file of *service*."""
        return self.databases / f"{service}.sqlite3"

    def log(self, process: str) -> Path:
        """Return the log of *process*."""
        return self.logs / f"{process}.log"


def write_private(path: Path, text: str) -> None:
    """
    Replace *path* in one step; it is never half written and never readable by others.

    One that is right already is left alone, so that a full disk is no obstacle to a restart.
    """
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_json(path: Path, value: object) -> None:
    """Replace *path* by *value* as JSON, in one step, mode 0600."""
    write_private(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; an absent file is an empty one."""
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text())
    return found
