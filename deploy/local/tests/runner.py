"""A supervisor over tiny children: `runner.py FOLDER exec|fork STOP_SECONDS NAME=CODE ...`."""

import asyncio
import os
import re
import sys
from pathlib import Path

from hpa import lock
from hpa.disk import restart_after_full_disk
from hpa.foreground import supervise
from hpa.forks import Forks
from hpa.logs import Log
from hpa.paths import DataDir
from hpa.supervisor import Process, Supervisor


def main() -> None:
    data = DataDir(Path(sys.argv[1]))
    data.make()
    held = lock.take(data.lock)
    is_forked = sys.argv[2] == "fork"
    processes = [
        Process(
            name=name,
            argv=_module(data, name, code) if is_forked else (sys.executable, "-S", "-c", code),
            is_module=is_forked,
            env={**os.environ, "FOLDER": str(data.root)},
            stop_seconds=float(sys.argv[3]),
            fault=re.compile(rb"cannot write"),
        )
        for name, _, code in (word.partition("=") for word in sys.argv[4:])
    ]
    env = {**os.environ, "PYTHONPATH": str(data.root)}
    forks = Forks(Log(data.log("forkserver")), str(data.root), env, preload=["json", "no.such"])

    def note() -> None:
        lines = [f"{keeper.process.name} {keeper.pid} {keeper.starts}" for keeper in keepers]
        draft = data.root / ".pids"
        draft.write_text("\n".join(lines))
        draft.replace(data.root / "pids")

    supervisor = Supervisor(
        processes, data, held=[held], forks=forks if is_forked else None, on_change=note
    )
    keepers = supervisor.keepers
    asyncio.run(supervise(supervisor, restart_after_full_disk(supervisor, data.root)))


def _module(data: DataDir, name: str, code: str) -> tuple[str]:
    (data.root / f"{name}.py").write_text(code)
    return (name,)


if __name__ == "__main__":
    main()
