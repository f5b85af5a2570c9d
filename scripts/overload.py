"""Measures a suite of its own under ten times the load that it can carry, and right after it."""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import orjson
import uvloop

from scripts.bench.client import request
from scripts.bench.cost import cpu_seconds, memory_mib
from scripts.open_loop import Client, Load, p99_ms
from tests.e2e.local import Processes
from tests.e2e.suite import Suite, answers_to, exam_body

QUESTIONS = 20
STUDENTS, EXAMS = 60, 90
OK, UNAVAILABLE = 200, 503
GOODPUT, ACCEPTED_MS, REFUSED_MS, RECOVERED_SECONDS = 0.8, 2000, 300, 10
"""What is promised where the client has a machine of its own; here it takes from the same."""


async def prepare(suite: Suite) -> Client:
    """Make people, exams and the bytes of every request."""
    teacher = await suite.sign_up("employee")
    subject = await teacher.post("/subjects/", {"name": "Ingliz tili"})
    people = await suite.sign_up_many("student", STUDENTS)
    submits: list[bytes] = []
    for _ in range(EXAMS):
        exam = await teacher.post("/exams/", exam_body(subject["id"], tests=QUESTIONS))
        await teacher.post(f"/exams/{exam['id']}/publish/")
        body = orjson.dumps(answers_to(exam))
        submits += [request(each, "POST", f"/exams/{exam['id']}/submit/", body) for each in people]
    random.shuffle(submits)
    lists = [request(each, "GET", "/exam-results/?limit=20") for each in (teacher, *people[:20])]
    return Client(suite.running.url, submits, lists)


async def measure(arguments: argparse.Namespace) -> int:
    """Measure capacity, overload and recovery; print the table. Returns 1 on a broken promise."""
    with tempfile.TemporaryDirectory(prefix="hpa-overload-") as folder:
        running = Processes(Path(folder) / "data")
        running.start()
        try:
            async with Suite(running) as suite:
                client = await prepare(suite)
                calm = await client.closed(arguments.seconds)
                before = memory_mib(running)["Pss"]
                capacity = calm.count(OK) / calm.seconds
                used = _used(running)
                storm = await client.open(arguments.times * capacity, arguments.seconds)
                spent = {name: now - used[name] for name, now in _used(running).items()}
                after = memory_mib(running)["Pss"]
                ended = time.perf_counter()
                running.wait_until_healthy(10)
                again = await client.closed(2)
                recovered = time.perf_counter() - ended
                await client.hang_up()
        finally:
            running.stop()
    _tell(arguments.times, calm, storm, again)
    promised = {
        "goodput": storm.count(OK) / storm.seconds >= GOODPUT * capacity,
        "accepted p99": storm.p99_ms(OK) <= ACCEPTED_MS,
        "refused p99": storm.p99_ms(UNAVAILABLE) <= REFUSED_MS,
        "recovery": recovered <= RECOVERED_SECONDS,
    }
    print(f"| processor seconds in the storm | {_listed(spent)} |")
    print(f"| memory, before and during | {before:.0f} and {after:.0f} MiB PSS |")
    print(f"| healthy and at full speed again | after {recovered:.1f} s |")
    broken = [name for name, is_kept in promised.items() if not is_kept]
    print(f"\nnot as promised: {', '.join(broken) or 'nothing'}")
    return 1 if broken else 0


def _used(running: Processes) -> dict[str, float]:
    """Return the processor seconds used so far, the client's too."""
    return {**cpu_seconds(running), "client": time.process_time()}


def _listed(spent: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in spent.items())


def _tell(times: float, calm: Load, storm: Load, again: Load) -> None:
    capacity, goodput = calm.count(OK) / calm.seconds, storm.count(OK) / storm.seconds
    answered = sum(map(len, storm.took.values()))
    rows = {
        "capacity": f"{capacity:.0f} per second, p99 {calm.p99_ms(OK):.0f} ms",
        f"offered, {times:g} times as much": f"{times * capacity:.0f} per second for"
        f" {storm.seconds:.0f} s; {answered} sent, {storm.unsent} found no connection",
        "goodput": f"{goodput:.0f} per second, {100 * goodput / capacity:.0f} % of capacity",
        "accepted, p99": f"{storm.p99_ms(OK):.0f} ms",
        "accepted hand-ins, p99": f"{storm.p99_ms(OK, 'submit'):.0f} ms",
        "refused, p99": f"{storm.p99_ms(UNAVAILABLE):.0f} ms",
        "sent later than due, p99": f"{p99_ms(storm.late):.0f} ms",
        "hand-ins accepted of sent": f"{storm.count(OK, 'submit')} of"
        f" {sum(len(t) for (k, _), t in storm.took.items() if k == 'submit')}",
        "answers": str(dict(sorted(Counter({k: len(t) for k, t in storm.took.items()}).items()))),
        "afterwards": f"{again.count(OK) / again.seconds:.0f} per second",
    }
    print("| What | Measured |\n|---|---|")
    print("\n".join(f"| {what} | {measured} |" for what, measured in rows.items()))


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=float, default=10)
    parser.add_argument("--seconds", type=float, default=8)
    return uvloop.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
