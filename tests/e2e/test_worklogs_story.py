"""A teacher's day: attendance and a score make it a day of work, whoever records them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import nats
import pytest
from nats.js import JetStreamContext

from shared.testing.waiting import eventually
from tests.e2e.suite import Person, Suite

ACADEMY = ZoneInfo("Asia/Tashkent")


def today() -> str:
    return datetime.now(UTC).astimezone(ACADEMY).date().isoformat()


async def todays_log(reader: Person, teacher: Person) -> Any:
    logs = await reader.get(f"/work-logs/?employee={teacher.id}&date_from={today()}")
    return logs[0] if logs else None


async def log_turns(reader: Person, teacher: Person, *, status: bool) -> Any:
    """Wait until the teacher's work log of today says *status*."""
    return await eventually(
        lambda: todays_log(reader, teacher),
        until=lambda log: log is not None and log["status"] is status,
    )


@pytest.fixture
async def journal(suite: Suite) -> AsyncIterator[JetStreamContext]:
    """Return the connection of the class journal, which is no part of the suite."""
    connection = await nats.connect(
        suite.running.nats_url("journal"), inbox_prefix=b"_INBOX_journal"
    )
    yield connection.jetstream(timeout=5)
    await connection.close()


def recorded(kind: str, data: Any) -> bytes:
    """Return a recording as the journal sends it."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": str(uuid4()),
            "source": "journal",
            "type": f"hpa.{kind}.recorded.v1",
            "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json",
            "data": data,
        }
    ).encode()


class TestADayOfWork:
    async def test_needs_attendance_and_a_score(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        owner = await suite.owner()

        await log_turns(owner, teacher, status=False)
        before = (await owner.get("/dashboard/"))["attendance"]["employees_present_today"]
        await teacher.post("/attendance/", {"student": student.id, "status": "late"})
        await log_turns(owner, teacher, status=False)
        score = await teacher.post("/scores/", {"student": student.id, "value": 95})
        log = await log_turns(owner, teacher, status=True)
        dashboard = (await owner.get("/dashboard/"))["attendance"]

        assert score["date"] == log["date"] == today()
        assert (log["employee"], log["note"]) == (teacher.id, None)
        assert dashboard["employees_present_today"] == before + 1
        assert dashboard["total_employees"] >= dashboard["employees_present_today"]

    async def test_is_counted_by_the_very_next_request(self, suite: Suite) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        owner = await suite.owner()
        before = (await owner.get("/dashboard/"))["attendance"]["employees_present_today"]

        await teacher.post("/attendance/", {"student": student.id, "status": "present"})
        await teacher.post("/scores/", {"student": student.id, "value": 88})

        assert (await todays_log(owner, teacher))["status"] is True
        dashboard = (await owner.get("/dashboard/"))["attendance"]
        assert dashboard["employees_present_today"] == before + 1

    async def test_is_one_row_whatever_is_recorded(self, suite: Suite) -> None:
        teacher = await suite.sign_up("employee")
        students = await suite.sign_up_many("student", 3)

        await teacher.post(
            "/attendance/", [{"student": each.id, "status": "present"} for each in students]
        )
        await teacher.post("/scores/", [{"student": each.id, "value": 70} for each in students])
        await log_turns(teacher, teacher, status=True)

        assert len(await teacher.get(f"/work-logs/?employee={teacher.id}")) == 1

    async def test_is_seen_by_the_student_only_where_it_is_his(self, suite: Suite) -> None:
        teacher = await suite.sign_up("employee")
        mine, other = await suite.sign_up_many("student", 2)
        for student in (mine, other):
            await teacher.post("/attendance/", {"student": student.id, "status": "present"})
            await teacher.post("/scores/", {"student": student.id, "value": 60})

        assert {row["student"] for row in await mine.get("/attendance/")} == {mine.id}
        assert {row["student"] for row in await mine.get("/scores/")} == {mine.id}


class TestTheJournal:
    async def test_records_a_day_of_work(self, suite: Suite, journal: JetStreamContext) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        data = {"id": 5, "employee": teacher.id, "student": student.id, "date": today()}
        before = (await teacher.get("/dashboard/"))["attendance"]["employees_present_today"]

        await journal.publish("hpa.attendance.recorded.v1", recorded("attendance", data))
        await log_turns(teacher, teacher, status=False)
        await journal.publish("hpa.score.recorded.v1", recorded("score", data))

        log = await log_turns(teacher, teacher, status=True)
        dashboard = (await teacher.get("/dashboard/"))["attendance"]
        assert log["employee"] == teacher.id
        assert dashboard["employees_present_today"] == before + 1

    async def test_goes_on_after_a_malformed_recording(
        self, suite: Suite, journal: JetStreamContext
    ) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.sign_up("student")
        data = {"id": 6, "employee": teacher.id, "student": student.id, "date": today()}

        for poison in (b"\xff\x00", b"[]", recorded("attendance", {"employee": "?"})):
            await journal.publish("hpa.attendance.recorded.v1", poison)
        for kind in ("attendance", "score"):
            await journal.publish(f"hpa.{kind}.recorded.v1", recorded(kind, data))

        await log_turns(teacher, teacher, status=True)

    @pytest.mark.parametrize("subject", ["hpa.user.changed.v1", "hpa.result.changed.v1"])
    async def test_may_publish_nothing_else(self, journal: JetStreamContext, subject: str) -> None:
        with pytest.raises(nats.errors.Error):
            await journal.publish(subject, recorded("user", {}), timeout=1)
