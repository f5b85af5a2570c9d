"""Measures a suite of its own: start, memory at rest, the rush, the pages, and how they grow."""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.bench import cost, growth, steady
from scripts.bench.workloads import QUESTIONS, Bench, Measured, academy, reads, submits
from shared.testing.postgres import PostgresServer
from tests.e2e.local import Processes
from tests.e2e.suite import Suite

AFTER_START_SECONDS = 10
REST_SECONDS = 30
PARTS = (
    "gateway", "auth", "exams", "results", "messaging", "worklogs", "nats", "postgresql", "others",
)  # fmt: skip


@contextmanager
def server_for(database: str) -> Iterator[PostgresServer | None]:
    """Start a PostgreSQL that syncs to disk, when it is wanted."""
    server = PostgresServer(durable=True) if database == "postgresql" else None
    try:
        yield server
    finally:
        if server is not None:
            server.stop()


async def measure(arguments: argparse.Namespace, server: PostgresServer | None) -> int:
    """Start a suite, measure it, print the tables and stop it. Returns 1 when a request failed."""
    with tempfile.TemporaryDirectory(prefix="hpa-bench-") as folder:
        environment = {"HPA_POSTGRES_URL": server.url} if server else {}
        running = Processes(Path(folder) / "data", **environment)
        bench = Bench(running, server.process.pid if server else None)
        started = time.perf_counter()
        running.start()
        try:
            ready = time.perf_counter() - started
            rest = await at_rest(bench)
            async with Suite(running) as suite:
                found = await workloads(bench, suite, arguments)
                rest |= await paced(bench, suite, arguments, found[0].per_second)
                if arguments.plot:
                    await plots(bench, suite, arguments.plot)
        finally:
            running.stop()
    rows = {"first start until every part is ready": f"{ready:.1f} s", **rest}
    print("| What | Measured |\n|---|---|")
    print("\n".join(f"| {what} | {measured} |" for what, measured in rows.items()))
    print_costs(found)
    print(f"\n{arguments.database}, {os.cpu_count()} processors shared with the client")
    good = all(set(one.took.statuses) == {200} for one in found)
    return 0 if good else 1


async def at_rest(bench: Bench) -> dict[str, str]:
    """Return what the suite costs while nobody asks it anything."""
    await asyncio.sleep(AFTER_START_SECONDS)  # what starting left to do is not rest
    before = sum(cost.cpu_seconds(bench.running, bench.database).values())
    await asyncio.sleep(REST_SECONDS)
    used = sum(cost.cpu_seconds(bench.running, bench.database).values()) - before
    memory = cost.memory_mib(bench.running)
    return {
        "memory of the suite's processes at rest": (
            f"{memory['Pss']:.0f} MiB PSS, {memory['Rss']:.0f} MiB RSS"
        ),
        "processor time at rest": f"{100 * used / REST_SECONDS:.1f} % of one core",
    }


async def workloads(bench: Bench, suite: Suite, arguments: argparse.Namespace) -> list[Measured]:
    """Let every student hand in every exam once, then open each page many times."""
    who = await academy(suite, "Ingliz tili", students=arguments.students, exams=arguments.exams)
    rush = f"submit of {QUESTIONS} questions, {arguments.connections} at a time"
    found = [await bench.measure(rush, submits(who, who.exams), arguments.connections)]
    for name, requests in reads(who, arguments.reads).items():
        await bench.measure(name, requests[:100], 8)  # the first ones fill caches
        found.append(await bench.measure(name, requests, 8))
    return found


async def paced(
    bench: Bench, suite: Suite, arguments: argparse.Namespace, capacity: float
) -> dict[str, str]:
    """Let other students hand in at a pace."""
    students, exams = arguments.students, arguments.exams
    who = await academy(suite, "Fransuz tili", students=students, exams=exams)
    return await steady.measure(bench, who, capacity)


async def plots(bench: Bench, suite: Suite, folder: Path) -> None:
    """Draw cost against size into *folder*."""
    who = await academy(
        suite, "Nemis tili", students=max(growth.AT_ONCE), exams=len(growth.AT_ONCE)
    )
    costs, latencies = await growth.with_students(bench, who)
    curves = {"processor time per hand-in": costs, "p99": latencies}
    growth.draw(folder, "students", ("Many hand in at once", "students at once"), curves)
    points, memory = await growth.with_rows(bench, who)
    titles = ("The list of all results", "rows of the list")
    growth.draw(folder, "rows", titles, {"processor time": points})
    print(f"list of all results: {points}; the service grew by {memory} MiB")
    print(f"hand-ins at once: {costs}, p99 {latencies}")


def print_costs(found: list[Measured]) -> None:
    """Print what a request costs, and the share of each process."""
    print(
        "\n| ms of processor time per request | all |", " | ".join(PARTS), "| per second | p99 ms |"
    )
    print("|---" * (len(PARTS) + 4) + "|")
    for one in found:
        shares = " | ".join(f"{one.cpu_ms.get(part, 0):.2f}" for part in PARTS)
        rate, p99 = f"{one.per_second:.0f}", f"{one.took.at(0.99):.0f}"
        print(f"| {one.name} | {one.total_ms:.2f} | {shares} | {rate} | {p99} |")


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--exams", type=int, default=40)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--reads", type=int, default=2000, help="requests of each page")
    parser.add_argument("--plot", type=Path, help="a folder for cost against size, as SVG")
    arguments = parser.parse_args()
    if arguments.plot:
        arguments.plot.mkdir(parents=True, exist_ok=True)
    with server_for(arguments.database) as server:
        return asyncio.run(measure(arguments, server))


if __name__ == "__main__":
    sys.exit(main())
