"""The day's job with three replicas on one database, and a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError
from time_machine import Traveller

from services.worklogs.tests.conftest import (
    COLLEAGUE,
    PEOPLE,
    STUDENT,
    TEACHER,
    ZONE,
    tell,
    told,
)
from services.worklogs.tests.test_recompute import logged
from shared.clock import utcnow
from shared.db.engine import Database
from shared.security.principal import Principal
from shared.telemetry.metrics import page
from shared.testing.metrics import read_metrics
from shared.testing.waiting import eventually
from shared.users.replica import row_of
from shared.users.tables import UserReplica
from worklogs import jobs
from worklogs.service import records
from worklogs.service.records import ATTENDANCES, SCORES, Desk
from worklogs.settings import Settings

HIRED = datetime(2026, 2, 20, 4, tzinfo=UTC)


class Academy:
    """Three replicas of the day's job."""

    def __init__(self, database: Database, clock: Traveller) -> None:
        self.clock = clock
        self.databases = [database, *(Database(str(url(database))) for _ in range(2))]
        settings = SimpleNamespace(hpa_time_zone=ZONE, day_check_seconds=30.0)
        self.replicas: Any = [
            SimpleNamespace(database=one, settings=settings) for one in self.databases
        ]

    async def at(self, moment: str) -> None:
        """Set the clock to *moment* in Tashkent and let every replica look at it at once."""
        self.clock.move_to(datetime.fromisoformat(f"{moment}+05:00"))
        await asyncio.gather(*(jobs.open_days(one) for one in self.replicas))

    async def hire(self, user_id: int, **changes: Any) -> None:
        state = {"created_at": utcnow(), "changed_at": utcnow()} | changes
        await tell(self.databases[0], told(user_id, "employee", **state))

    async def days(self, user_id: int = TEACHER) -> list[str]:
        return [day for employee, day in sorted(await self.logs()) if employee == user_id]

    async def logs(self) -> dict[tuple[int, str], bool]:
        return await logged(self.databases[0])

    async def work(self, teacher: int = TEACHER) -> None:
        desk = Desk(Principal(teacher, "employee"), utcnow(), ZONE)
        async with self.databases[0].transaction() as tx:
            for kind, rest in ((ATTENDANCES, {"status": "late"}), (SCORES, {"value": 9})):
                body: Any = {"student": STUDENT, **rest}
                await records.record(tx, kind, [body], desk, many=False)


def url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


@pytest.fixture
async def academy(database: Database, clock: Traveller) -> AsyncIterator[Academy]:
    academy = Academy(database, clock)
    since: Any = {"created_at": HIRED, "changed_at": HIRED}
    await tell(database, *(told(one, role, **since) for one, (role, _) in PEOPLE.items()))
    await academy.at("2026-02-20T10:00:00")
    yield academy
    for one in academy.databases[1:]:
        await one.close()


class TestOpenDays:
    async def test_makes_the_rows_just_after_midnight_and_not_before(
        self, academy: Academy
    ) -> None:
        await academy.at("2026-02-20T23:59:50")
        before = await academy.logs()
        await academy.at("2026-02-21T00:00:00")

        assert sorted(before) == [(TEACHER, "2026-02-20"), (COLLEAGUE, "2026-02-20")]
        assert await academy.days() == ["2026-02-20", "2026-02-21"]
        assert await academy.days(COLLEAGUE) == ["2026-02-20", "2026-02-21"]

    async def test_counts_what_it_made_once_for_all_replicas(self, academy: Academy) -> None:
        before = read_metrics(page().decode())
        await academy.at("2026-02-22T00:00:00")

        after = read_metrics(page().decode())

        made = {
            name: after.of(f"hpa_work_log_{name}_total") - before.of(f"hpa_work_log_{name}_total")
            for name in ("days_opened", "rows_made")
        }
        assert made == {"days_opened": 2, "rows_made": 4}
        last_run = after.of("hpa_work_log_job_last_run_timestamp_seconds")
        assert last_run == utcnow().timestamp()

    async def test_catches_up_after_three_days_for_who_was_employed_on_each(
        self, academy: Academy
    ) -> None:
        academy.clock.move_to(datetime(2026, 2, 22, 7, tzinfo=UTC))
        await academy.hire(5)
        left = {"is_active": False, "version": 2, "created_at": HIRED}
        await academy.hire(COLLEAGUE, **left, changed_at=datetime(2026, 2, 21, 7, tzinfo=UTC))
        await academy.at("2026-02-24T09:00:00")

        assert await academy.days() == [f"2026-02-{day}" for day in range(20, 25)]
        assert await academy.days(COLLEAGUE) == ["2026-02-20", "2026-02-21"]
        assert await academy.days(5) == ["2026-02-22", "2026-02-23", "2026-02-24"]

    async def test_hears_late_of_who_came_and_went_meanwhile(self, academy: Academy) -> None:
        """The rows are made at start, before NATS tells what happened in these days."""
        await academy.at("2026-02-24T09:00:00")
        left = {"is_active": False, "version": 2, "created_at": HIRED}
        await academy.hire(COLLEAGUE, **left, changed_at=datetime(2026, 2, 21, 7, tzinfo=UTC))
        await academy.hire(5, created_at=datetime(2026, 2, 22, 20, tzinfo=UTC))

        assert await academy.days(COLLEAGUE) == ["2026-02-20", "2026-02-21"]
        assert await academy.days(5) == ["2026-02-23", "2026-02-24"]

    async def test_knows_29_february(self, academy: Academy) -> None:
        await academy.at("2026-03-01T00:00:05")
        common = await academy.days()
        academy.clock.move_to(datetime(2028, 2, 27, 12, tzinfo=UTC))
        await academy.hire(5)
        for moment in ("2028-02-28T23:59:50", "2028-02-29T00:00:00", "2028-03-01T00:00:00"):
            await academy.at(moment)

        assert common[-2:] == ["2026-02-28", "2026-03-01"]
        assert await academy.days(5) == ["2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01"]

    async def test_makes_no_second_row_when_the_clock_goes_back(self, academy: Academy) -> None:
        await academy.at("2026-02-20T23:59:50")
        await academy.work()
        await academy.at("2026-02-21T00:01:00")
        await academy.work()
        before = await academy.logs()
        await academy.at("2026-02-20T23:59:00")
        await academy.work(COLLEAGUE)
        back = await academy.logs()
        await academy.at("2026-02-21T00:00:30")

        assert before[TEACHER, "2026-02-20"]
        assert before[TEACHER, "2026-02-21"]
        assert back == {**before, (COLLEAGUE, "2026-02-20"): True}
        assert await academy.logs() == back

    async def test_gives_who_is_hired_while_the_clock_is_back_the_day_to_come_too(
        self, academy: Academy
    ) -> None:
        await academy.at("2026-02-21T00:01:00")
        academy.clock.move_to(datetime(2026, 2, 20, 18, 59, tzinfo=UTC))
        await academy.hire(5)
        await academy.at("2026-02-21T00:00:01")

        assert await academy.days(5) == ["2026-02-20", "2026-02-21"]

    async def test_makes_none_for_who_is_no_employee(self, academy: Academy) -> None:
        await academy.hire(6, is_active=False)
        await academy.at("2026-02-21T00:00:00")

        assert {employee for employee, _ in await academy.logs()} == {TEACHER, COLLEAGUE}

    async def test_bounds_what_a_wild_clock_can_do(self, academy: Academy) -> None:
        await academy.at("2036-02-20T00:00:00")
        wild = len(await academy.days())
        await academy.at("2026-02-21T00:00:00")

        assert wild == 402  # the first day, 400 days and the wild day itself
        assert len(await academy.days()) == wild

    async def test_takes_over_users_of_whom_no_event_told(self, academy: Academy) -> None:
        pulled = row_of(told(8, "employee", created_at=HIRED, changed_at=HIRED))
        async with academy.databases[0].transaction() as tx:
            tx.add(UserReplica(**pulled))
        await academy.at("2026-02-20T10:00:30")

        assert await academy.days(8) == ["2026-02-20"]


class TestKeepDaysOpen:
    @pytest.fixture
    async def job(self, academy: Academy) -> AsyncIterator[asyncio.Task[None]]:
        settings = SimpleNamespace(hpa_time_zone=ZONE, day_check_seconds=30.0)
        state = SimpleNamespace(hpa=academy.replicas[0], settings=settings)
        app: Any = SimpleNamespace(state=state)
        task = asyncio.create_task(jobs.keep_days_open(app))
        yield task
        task.cancel()

    @pytest.mark.usefixtures("job")
    async def test_notices_at_once_that_the_clock_was_moved(self, academy: Academy) -> None:
        await asyncio.sleep(0)  # its first look
        academy.clock.move_to(datetime.fromisoformat("2026-02-22T12:00:00+05:00"))
        made = ["2026-02-20", "2026-02-21", "2026-02-22"]

        await eventually(academy.days, until=lambda found: found == made, seconds=20)

    @pytest.mark.parametrize(
        ("now", "seconds"),
        [
            ("2026-02-20T10:00:00+05:00", 1.0),
            ("2026-02-20T23:59:59.5+05:00", 0.5),
            ("2026-02-20T23:59:59.999999+05:00", 0.02),
            ("2026-02-21T00:00:00+05:00", 1.0),
        ],
    )
    def test_sleeps_until_midnight_and_never_long(self, now: str, seconds: float) -> None:
        moment = datetime.fromisoformat(now)

        assert jobs.seconds_to_wait(moment, ZONE) == pytest.approx(seconds)


class TestSettings:
    def test_know_no_zone_that_there_is_not(self) -> None:
        good: Any = {"database_url": "sqlite+aiosqlite:///x", "service_secret": "x" * 32}

        assert Settings(**good, hpa_time_zone="Asia/Samarkand").hpa_time_zone == "Asia/Samarkand"
        with pytest.raises(ValidationError, match="no IANA time zone"):
            Settings(**good, hpa_time_zone="Asia/Hogwarts")
