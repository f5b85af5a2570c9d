"""How the cost grows: with the rows of a list, and with the students who hand in at once."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pygal
from sqlalchemy import insert

from results.models import Result
from scripts.bench import cost
from scripts.bench.client import request
from scripts.bench.workloads import Academy, Bench, submits
from shared.db.engine import Database

ROWS: Final = (1_000, 10_000, 50_000, 200_000)
AT_ONCE: Final = (10, 50, 100, 200, 500, 1000)
CHUNK: Final = 2_000
QUIET_SECONDS: Final = 20
STRANGERS: Final = 1_000_000
"""Ids of students from here on belong to nobody who hands in."""

Points = list[tuple[float, float]]


async def with_rows(bench: Bench, who: Academy) -> tuple[Points, Points]:
    """Return (rows, ms of processor time) of the list of all results, and (rows, MiB grown)."""
    database = Database(bench.running.database_url("results"))
    points: Points = []
    memory: Points = []
    await asyncio.sleep(QUIET_SECONDS)  # what was measured before is not to be charged here
    have, before = 0, cost.peak_mib(bench.running, "results")
    for rows in ROWS:
        await _fill(database, have, rows)
        have = rows
        lists = [request(who.teacher, "GET", "/exam-results/")] * max(2, 20_000 // rows)
        found = await bench.measure(f"list of {rows} results", lists, 1)
        points.append((rows, round(found.total_ms, 1)))
        memory.append((rows, round(cost.peak_mib(bench.running, "results") - before)))
    await database.close()
    return points, memory


async def _fill(database: Database, first: int, last: int) -> None:
    row = {"version": 1, "exam_title": "T", "questions_version": 1, "score": 50.0}
    row |= {"correct_answers": 10, "total_questions": 20, "is_checked": False}
    row |= {"exam_id": 1, "created_at": datetime.now(UTC)}
    for start in range(first, last, CHUNK):
        ids = range(start, min(start + CHUNK, last))
        rows = [row | {"student_id": STRANGERS + one} for one in ids]
        async with database.transaction() as tx:
            await tx.execute(insert(Result), rows)


async def with_students(bench: Bench, who: Academy) -> tuple[Points, Points]:
    """Return (hand-ins at once, ms of processor time per stored one) and (…, p99 in ms)."""
    costs: Points = []
    latencies: Points = []
    for exam, at_once in zip(who.exams, AT_ONCE, strict=False):
        found = await bench.measure(f"{at_once} at once", submits(who, [exam]), at_once)
        sent, stored = len(found.took.latencies), found.took.statuses[200]
        costs.append((at_once, round(found.total_ms * sent / stored, 2)))
        latencies.append((at_once, round(found.took.at(0.99))))
        print(f"{at_once} at once: {dict(found.took.statuses)}")
    return costs, latencies


def draw(folder: Path, name: str, titles: tuple[str, str], curves: dict[str, Points]) -> Path:
    """Write the curves as an SVG, on logarithmic axes: linear growth is a straight diagonal."""
    title, along = titles
    chart = pygal.XY(title=title, logarithmic=True, x_title=along, y_title="milliseconds", js=[])
    chart.config.no_prefix = True
    for curve, points in curves.items():
        chart.add(curve, points)
    path = folder / f"{name}.svg"
    path.write_bytes(chart.render())
    return path
