"""Measures a suite of its own: start, memory at rest, and the exam rush through the gateway."""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.e2e.local import Processes
from tests.e2e.suite import PREFIX, Person, Suite, answers_to, exam_body

TICK = os.sysconf("SC_CLK_TCK")
QUESTIONS = 20
REST_SECONDS = 10
MIB = 1024


@dataclass(frozen=True)
class Rush:
    """What the rush took."""

    submits: int
    seconds: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    statuses: Counter[int]


def cpu_seconds(running: Processes) -> float:
    """Return the processor time that the suite has used so far, `hpa up` included."""
    total = 0
    for pid in (running.pid, *running.processes()):
        with suppress(OSError):
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(after_name[11]) + int(after_name[12])
    return total / TICK


def memory_mib(running: Processes) -> dict[str, float]:
    """Return the memory of all processes: shared pages once (PSS) and each time (RSS)."""
    total: Counter[str] = Counter()
    for pid in (running.pid, *running.processes()):
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in {"Pss", "Rss"}:
                    total[name] += int(value.split()[0])
    return {name: kib / MIB for name, kib in total.items()}


async def rush(suite: Suite, *, students: int, exams: int, connections: int) -> Rush:
    """Let every student hand in every exam once, over so many connections at a time."""
    requests = await _requests(suite, students=students, exams=exams)
    waiting: asyncio.Queue[bytes] = asyncio.Queue()
    for request in requests:
        waiting.put_nowait(request)
    took: list[float] = []
    statuses: Counter[int] = Counter()
    host, _, port = suite.running.url.removeprefix("http://").partition(":")

    async def work() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        while not waiting.empty():
            request = waiting.get_nowait()
            started = time.perf_counter()
            writer.write(request)
            statuses[await _read(reader)] += 1
            took.append(time.perf_counter() - started)
        writer.close()

    running = suite.running
    assert isinstance(running, Processes)  # noqa: S101 - it is made by measure()
    before, started = cpu_seconds(running), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    seconds = time.perf_counter() - started
    used = cpu_seconds(running) - before
    cuts = statistics.quantiles(took, n=100)
    return Rush(
        submits=len(took),
        seconds=seconds,
        cpu_ms=1000 * used / len(took),
        p50_ms=1000 * cuts[49],
        p99_ms=1000 * cuts[98],
        statuses=statuses,
    )


async def _requests(suite: Suite, *, students: int, exams: int) -> list[bytes]:
    teacher = await suite.sign_up("employee")
    subject = await teacher.post("/subjects/", {"name": "Ingliz tili"})
    made = []
    for _ in range(exams):
        exam = await teacher.post("/exams/", exam_body(subject["id"], tests=QUESTIONS))
        await teacher.post(f"/exams/{exam['id']}/publish/")
        made.append((exam["id"], orjson.dumps(answers_to(exam))))
    people = await suite.sign_up_many("student", students)
    return [_request(student, exam, body) for exam, body in made for student in people]


def _request(student: Person, exam: int, body: bytes) -> bytes:
    head = (
        f"POST {PREFIX}/exams/{exam}/submit/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {student.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _read(reader: asyncio.StreamReader) -> int:
    """Read one answer and return its status; every answer of the suite says its length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    await reader.readexactly(length)
    return int(head.split(b" ", 2)[1])


async def measure(arguments: argparse.Namespace) -> int:
    """Start a suite, measure it, print the table and stop it. Returns 1 when a submit failed."""
    with tempfile.TemporaryDirectory(prefix="hpa-bench-") as folder:
        running = Processes(Path(folder) / "data")
        started = time.perf_counter()
        running.start()
        try:
            ready = time.perf_counter() - started
            await asyncio.sleep(REST_SECONDS)
            memory = memory_mib(running)
            async with Suite(running) as suite:
                found = await rush(
                    suite,
                    students=arguments.students,
                    exams=arguments.exams,
                    connections=arguments.connections,
                )
        finally:
            running.stop()
    shared, each = f"{memory['Pss']:.0f} MiB PSS", f"{memory['Rss']:.0f} MiB RSS"
    rate, at_once = found.submits / found.seconds, arguments.connections
    rows = {
        "first start until every part is ready": f"{ready:.1f} s",
        "memory of the whole suite at rest": f"{shared}, {each}",
        f"submits of {QUESTIONS} questions through the gateway": f"{rate:.0f} per second",
        "processor time per submit, the whole suite": f"{found.cpu_ms:.2f} ms",
        f"submit latency, {at_once} at a time, p50": f"{found.p50_ms:.0f} ms",
        f"submit latency, {at_once} at a time, p99": f"{found.p99_ms:.0f} ms",
    }
    print("| What | Measured |\n|---|---|")
    print("\n".join(f"| {what} | {measured} |" for what, measured in rows.items()))
    print(
        f"\n{found.submits} submits on SQLite, {os.cpu_count()} processors shared with the client"
    )
    print(f"answers: {dict(found.statuses)}")
    return 0 if set(found.statuses) == {200} else 1


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--exams", type=int, default=40)
    parser.add_argument("--connections", type=int, default=32)
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
