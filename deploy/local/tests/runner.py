"""A supervisor over tiny children, for tests to kill: `runner.py FOLDER NAME=CODE ...`."""

import asyncio
import os
import re
import sys
from pathlib import Path

from hpa import lock
from hpa.disk import restart_after_full_disk
from hpa.foreground import supervise
from hpa.paths import DataDir
from hpa.supervisor import Process, Supervisor


def main() -> None:
    data = DataDir(Path(sys.argv[1]))
    data.make()
    held = lock.take(data.lock)
    processes = [
        Process(
            name=name,
            argv=(sys.executable, "-S", "-c", code, str(data.root)),
            env=dict(os.environ),
            stop_seconds=1.0,
            fault=re.compile(rb"cannot write"),
        )
        for name, _, code in (word.partition("=") for word in sys.argv[2:])
    ]

    def note() -> None:
        lines = [f"{keeper.process.name} {keeper.pid} {keeper.starts}" for keeper in keepers]
        draft = data.root / ".pids"
        draft.write_text("\n".join(lines))
        draft.replace(data.root / "pids")

    supervisor = Supervisor(processes, data, held=[held], on_change=note)
    keepers = supervisor.keepers
    asyncio.run(supervise(supervisor, restart_after_full_disk(supervisor, data.root)))


if __name__ == "__main__":
    main()
