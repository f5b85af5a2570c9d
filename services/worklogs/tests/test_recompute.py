"""Whatever is recorded, edited, deleted, told twice or out of order: logs equal what is stored."""

import asyncio
import json
from collections.abc import Sequence
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.worklogs.tests.conftest import (
    COLLEAGUE,
    FELLOW,
    NOW,
    OWNER,
    PEOPLE,
    STUDENT,
    TEACHER,
    ZONE,
    tell,
    told,
)
from services.worklogs.tests.test_consumers import KINDS, message
from shared.db.engine import Database
from shared.errors import DomainError
from shared.events import inbox
from shared.security.principal import Principal
from worklogs.consumers import consumers
from worklogs.service import records
from worklogs.service.records import ATTENDANCES, SCORES, Desk

RUNTIME: Any = SimpleNamespace(users=None, settings=SimpleNamespace(hpa_time_zone=ZONE))
DESK = Desk(Principal(OWNER, "owner"), NOW, ZONE)
BOOKS = {"attendance": ATTENDANCES, "score": SCORES}
EMPTY = (
    "DELETE FROM attendances",
    "DELETE FROM scores",
    "DELETE FROM recordings",
    "DELETE FROM work_logs",
    "DELETE FROM employment_changes",
    "DELETE FROM outbox",
    "DELETE FROM inbox",
)

RECORDED = """
SELECT 'attendance' AS kind, employee_id, date FROM attendances
UNION SELECT 'score', employee_id, date FROM scores
"""
IDS = {
    "attendance": "SELECT id FROM attendances ORDER BY id",
    "score": "SELECT id FROM scores ORDER BY id",
}

kinds = st.sampled_from(sorted(BOOKS))
employees = st.sampled_from([TEACHER, TEACHER, COLLEAGUE, OWNER])
dates = st.integers(0, 1).map(lambda back: date(2026, 2, 20) - timedelta(days=back))
rows = st.fixed_dictionaries(
    {
        "student": st.sampled_from([STUDENT, FELLOW]),
        "employee": employees,
        "date": dates,
    }
)
steps = st.one_of(
    st.tuples(st.just("record"), kinds, rows),
    st.tuples(st.just("edit"), kinds, st.integers(0, 3), rows),
    st.tuples(st.just("delete"), kinds, st.integers(0, 3)),
    st.tuples(st.just("relay"), st.randoms(use_true_random=False)),
)
ANY_DAY = {"student": STUDENT, "employee": TEACHER, "date": date(2026, 2, 20)}
A_DAY_OF_WORK: Any = [
    ("record", "attendance", ANY_DAY),
    ("score", message("score", date="2026-02-20", number=1, time="2026-02-20T04:00:00Z", id="a")),
]
"""Where each example begins, so that there is something to lose."""

tellings = st.builds(
    lambda kind, employee, day, number, minute, id_: (
        kind,
        message(
            kind,
            id=str(id_),
            employee=employee,
            date=day.isoformat(),
            number=number,
            time=f"2026-02-20T04:0{minute}:00Z",
        ),
    ),
    kinds,
    employees,
    dates,
    st.integers(1, 2),
    st.integers(1, 4),
    st.uuids(),
)

calmly = settings(
    max_examples=30,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink takes minutes here
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def query(database: Database, text: str) -> list[Any]:
    async with database.reading() as view:
        connection = await view.connection()
        return list(await connection.exec_driver_sql(text))


async def start_afresh(database: Database) -> None:
    async with database.transaction() as tx:
        connection = await tx.connection()
        for statement in EMPTY:
            await connection.exec_driver_sql(statement)
    await tell(database, *(told(one, role) for one, (role, _) in PEOPLE.items()))


async def take(database: Database, kind: str, payload: bytes) -> None:
    registration = consumers.registrations[KINDS[kind].subject]
    received = inbox.parse(registration, payload)
    await inbox.handle(database, registration, [received], RUNTIME)


async def perform(database: Database, step: Sequence[Any]) -> None:
    """Do what a person, or NATS, would do next."""
    verb, *rest = step
    if verb == "relay":
        found = await query(database, "SELECT subject, payload FROM outbox")
        rest[0].shuffle(found)
        for subject, payload in found:
            await take(database, subject.split(".")[1], payload)
        return
    kind, body = BOOKS[rest[0]], rest[-1]
    held = [row.id for row in await query(database, IDS[rest[0]])]
    async with database.transaction() as tx:
        if verb == "record":
            whole = {**body, "status": "late", "value": 50.0}
            await records.record(tx, kind, [whole], DESK, many=False)
        elif held and verb == "edit":
            await records.update_record(tx, kind, held[rest[1] % len(held)], body, DESK)
        elif held:
            await records.delete_record(tx, kind, held[rest[1] % len(held)], DESK)


def told_from_outside(steps_taken: list[Any]) -> set[tuple[str, int, str]]:
    """Return (half, employee, day) of what the journal says in the end, in plain Python."""
    newest: dict[tuple[str, int], tuple[str, str, int, str]] = {}
    for step in steps_taken:
        if isinstance(step[1], bytes):
            said = json.loads(step[1])
            data, key = said["data"], (step[0], said["data"]["id"])
            word = (said["time"], said["id"], data["employee"], data["date"])
            newest[key] = max(newest.get(key, word), word)
    return {(kind, employee, day) for (kind, _), (_, _, employee, day) in newest.items()}


async def worked(database: Database, steps_taken: list[Any]) -> set[tuple[int, str]]:
    """Compute anew who worked when, from the rows and from what the journal said."""
    rows_held = {
        (row.kind, row.employee_id, str(row.date)) for row in await query(database, RECORDED)
    }
    recorded = rows_held | told_from_outside(steps_taken)
    days = {kind: {tuple(one) for half, *one in recorded if half == kind} for kind in BOOKS}
    return {day for day in days["attendance"] & days["score"] if day[0] != OWNER}


async def logged(database: Database) -> dict[tuple[int, str], bool]:
    found = await query(database, "SELECT employee_id, date, status FROM work_logs")
    logs = {(row.employee_id, str(row.date)): bool(row.status) for row in found}
    assert len(logs) == len(found), "two rows for one day"
    return logs


class TestTheLogs:
    @calmly
    @given(
        told=st.lists(st.one_of(steps, steps, tellings), min_size=3, max_size=12),
        chance=st.randoms(use_true_random=False),
    )
    async def test_equal_what_is_stored(
        self, database: Database, told: list[Any], chance: Any
    ) -> None:
        await start_afresh(database)
        for step in [*A_DAY_OF_WORK, *told]:
            try:
                if isinstance(step[1], bytes):
                    await take(database, *step)
                else:
                    await perform(database, step)
            except DomainError:
                continue  # two rows would be the same
        true = await worked(database, [*A_DAY_OF_WORK, *told])
        at_once = await logged(database)
        await perform(database, ("relay", chance))

        assert {day for day, status in at_once.items() if status} == true
        assert await logged(database) == at_once, "our own events change nothing"

    @calmly
    @given(
        told=st.lists(tellings, min_size=1, max_size=8),
        chance=st.randoms(use_true_random=False),
    )
    async def test_are_the_same_in_any_order_and_however_often_told(
        self, database: Database, told: list[Any], chance: Any
    ) -> None:
        outcomes = []
        for _ in range(2):
            await start_afresh(database)
            for kind, payload in told:
                await take(database, kind, payload)
            held = await query(database, "SELECT * FROM recordings ORDER BY 1, 2, 3")
            outcomes.append((await logged(database), [tuple(row) for row in held]))
            told = told + chance.choices(told, k=3)
            chance.shuffle(told)

        assert outcomes[0] == outcomes[1]


class TestARace:
    @pytest.mark.parametrize("round_", range(3))
    async def test_for_the_two_halves_of_a_day_is_lost_by_nobody(
        self, database: Database, round_: int
    ) -> None:
        """Both write at once; whoever is second must see what the first has committed."""
        await start_afresh(database)
        day = date(2026, 2, 20 - round_)

        async def record(kind: str, employee: int, student: int) -> None:
            body = {"student": student, "employee": employee, "date": day}
            await perform(database, ("record", kind, body))

        await asyncio.gather(
            *(
                record(kind, employee, student)
                for kind in BOOKS
                for employee in (TEACHER, COLLEAGUE)
                for student in (STUDENT, FELLOW)
            )
        )

        assert {day for day, status in (await logged(database)).items() if status} == {
            (TEACHER, day.isoformat()),
            (COLLEAGUE, day.isoformat()),
        }
