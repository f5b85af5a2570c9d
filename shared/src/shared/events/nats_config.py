"""The configuration of nats-server: JetStream that survives power loss, users with few rights."""

import json
from pathlib import Path

from shared.events.topology import permissions


def render(
    passwords: dict[str, str], *, listen: str, store: Path | str, monitor: str | None = None
) -> str:
    """
    Return nats.conf for the users in *passwords* (name → password), no one else gets in.

    *listen* and *monitor* are `host:port`; without *monitor* nobody can look in unasked: that port
    knows no passwords. `sync_interval: always` because the default loses whole
    streams when unsynced writes are dropped.
    """
    users = [
        {"user": user, "password": password, "permissions": permissions(user)}
        for user, password in sorted(passwords.items())
    ]
    lines = [
        f"listen: {json.dumps(listen)}",
        *([f"http: {json.dumps(monitor)}"] if monitor else []),
        "max_payload: 1MB",
        "write_deadline: 5s",
        "jetstream {",
        f"  store_dir: {json.dumps(str(store))}",
        "  sync_interval: always",
        "  max_mem: 64MB",
        "  max_file: 8GB",
        "}",
        f"authorization {{ users: {json.dumps(users, indent=2)} }}",
    ]
    return "\n".join(lines) + "\n"
