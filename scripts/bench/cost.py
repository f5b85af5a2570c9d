"""Processor time and memory of a suite, by process."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.e2e.local import Processes

TICK: Final = os.sysconf("SC_CLK_TCK")
MIB: Final = 1024


def groups(running: Processes, database: int | None) -> dict[str, list[int]]:
    """Return the processes by what they are; *database* is PostgreSQL's first one."""
    stack = running.stack()
    found = {name: list(service["pids"]) for name, service in stack["services"].items()}
    found["gateway"], found["nats"] = [stack["gateway"]["pid"]], [stack["nats"]["pid"]]
    if database is not None:
        found["postgresql"] = [database, *_children(database)]
    known = {pid for pids in found.values() for pid in pids}
    others = {running.pid, *running.processes()} - known
    return {**found, "others": sorted(others)}


def cpu_seconds(running: Processes, database: int | None = None) -> dict[str, float]:
    """Return the processor time used so far, by process."""
    return {name: sum(map(_ticks, pids)) / TICK for name, pids in groups(running, database).items()}


def memory_mib(running: Processes) -> dict[str, float]:
    """Return the memory of all processes: shared pages once (PSS) and each time (RSS)."""
    total: Counter[str] = Counter()
    for pid in (running.pid, *running.processes()):
        for name, kib in _memory(pid):
            total[name] += kib
    return {name: kib / MIB for name, kib in total.items()}


def peak_mib(running: Processes, service: str) -> float:
    """Return the most memory that a service's processes ever held (VmHWM)."""
    return max(
        int(line.split()[1]) / MIB
        for pid in running.pids(service)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )


def _memory(pid: int) -> Iterator[tuple[str, int]]:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in {"Pss", "Rss"}:
                yield name, int(value.split()[0])


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _ticks(pid: int) -> int:
    with suppress(OSError):
        # A backend of PostgreSQL that is gone is counted with the server that waited for it.
        return sum(map(int, _stat(pid)[11:15]))
    return 0


def _children(parent: int) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and int(_stat(int(folder.name))[1]) == parent:
                yield int(folder.name)
