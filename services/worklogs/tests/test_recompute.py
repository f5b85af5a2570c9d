"""Whatever is recorded, edited, deleted, told twice or out of order: logs equal what is stored."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
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
UNION SELECT kind, employee_id, date FROM recordings
"""

kinds = st.sampled_from(sorted(BOOKS))
employees = st.sampled_from([TEACHER, COLLEAGUE, OWNER])
dates = st.integers(0, 3).map(lambda back: date(2026, 2, 20) - timedelta(days=back))
rows = st.fixed_dictionaries(
    {
        "student": st.sampled_from([STUDENT, FELLOW]),
        "employee": employees,
        "date": dates,
    }
)
steps = st.one_of(
    st.tuples(st.just("record"), kinds, rows),
    st.tuples(st.just("edit"), kinds, st.integers(0, 9), rows),
    st.tuples(st.just("delete"), kinds, st.integers(0, 9)),
    st.tuples(st.just("relay"), st.randoms(use_true_random=False)),
)
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
    st.integers(1, 4),
    st.integers(0, 4),
    st.uuids(),
)

calmly = settings(
    max_examples=15,
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
    kind = BOOKS[rest[0]]
    body = rest[-1] | {"status": "late", "value": 50.0} if isinstance(rest[-1], dict) else {}
    async with database.transaction() as tx:
        if verb == "record":
            await records.record(tx, kind, [body], DESK, many=False)
        elif verb == "edit":
            await records.update_record(tx, kind, rest[1], rest[2], DESK)
        else:
            await records.delete_record(tx, kind, rest[1], DESK)


async def worked_by_the_rows(database: Database) -> set[tuple[int, str]]:
    """Compute anew, in plain Python, who worked when."""
    halves: dict[str, set[tuple[int, str]]] = {kind: set() for kind in BOOKS}
    for row in await query(database, RECORDED):
        halves[row.kind].add((row.employee_id, str(row.date)))
    return {day for day in halves["attendance"] & halves["score"] if day[0] != OWNER}


async def logged(database: Database) -> dict[tuple[int, str], bool]:
    found = await query(database, "SELECT employee_id, date, status FROM work_logs")
    logs = {(row.employee_id, str(row.date)): bool(row.status) for row in found}
    assert len(logs) == len(found), "two rows for one day"
    return logs


class TestTheLogs:
    @calmly
    @given(told=st.lists(st.one_of(steps, tellings), max_size=25))
    async def test_equal_what_is_stored(self, database: Database, told: list[Any]) -> None:
        await start_afresh(database)
        for step in told:
            try:
                if isinstance(step[1], bytes):
                    await take(database, *step)
                else:
                    await perform(database, step)
            except DomainError:
                continue  # a row that is not there, or two that would be the same

        logs = await logged(database)

        assert {day for day, status in logs.items() if status} == await worked_by_the_rows(database)

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
