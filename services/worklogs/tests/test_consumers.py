"""What events do to the logs: recordings from outside, our own coming back, users, subjects."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from services.worklogs.tests.conftest import (
    COLLEAGUE,
    NOW,
    OWNER,
    STUDENT,
    TEACHER,
    TODAY,
    TOMORROW,
    YESTERDAY,
    Caller,
    StandIn,
    tell,
    told,
)
from shared.contracts.exams import SubjectChangedV1
from shared.contracts.worklogs import AttendanceRecordedV1, ScoreRecordedV1
from shared.events import inbox
from shared.events.consumers import NotYet, Unacceptable
from worklogs.consumers import consumers

KINDS: Any = {"attendance": AttendanceRecordedV1, "score": ScoreRecordedV1}


def message(kind: str, *, employee: int = TEACHER, date: str = TODAY, **head: Any) -> bytes:
    """Return a recording as a journal sends it; `number` is the journal's own id of it."""
    number = head.pop("number", 5)
    data = {"id": number, "employee": employee, "student": STUDENT, "date": date}
    envelope = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "journal",
        "type": f"hpa.{kind}.recorded.v1",
        "data": data,
    }
    return json.dumps(envelope | head).encode()


class Inlet:
    """Hands messages to the consumers, each in a transaction of its own."""

    def __init__(self, app: FastAPI) -> None:
        self.runtime = app.state.hpa

    async def take(self, kind: str, payload: bytes, arrived_at: datetime | None = None) -> None:
        registration = consumers.registrations[KINDS[kind].subject]
        received = inbox.parse(registration, payload, arrived_at)
        await inbox.handle(self.runtime.database, registration, [received], self.runtime)

    async def record(self, kind: str, **told: Any) -> None:
        await self.take(kind, message(kind, **told))


@pytest.fixture
def inlet(app: FastAPI, owner: Caller) -> Inlet:
    return Inlet(app)


async def statuses(owner: Caller, employee: int = TEACHER) -> dict[str, bool]:
    rows = await owner.get(f"/work-logs/?employee={employee}&ordering=date")
    return {row["date"]: row["status"] for row in rows}


class TestAJournal:
    async def test_makes_a_day_of_work(self, inlet: Inlet, owner: Caller) -> None:
        await inlet.record("attendance")
        half = await statuses(owner)
        await inlet.record("score")

        assert (half[TODAY], (await statuses(owner))[TODAY]) == (False, True)

    async def test_and_the_own_endpoints_add_up(
        self, inlet: Inlet, owner: Caller, teacher: Caller
    ) -> None:
        await inlet.record("attendance")
        await teacher.post("/scores/", {"student": STUDENT, "value": 9})

        assert (await statuses(owner))[TODAY]

    async def test_may_say_it_twice(self, inlet: Inlet, owner: Caller) -> None:
        payload = message("attendance")
        for _ in range(2):
            await inlet.take("attendance", payload)
            await inlet.record("score")

        assert (await statuses(owner))[TODAY]

    async def test_may_tell_of_days_past(self, inlet: Inlet, owner: Caller) -> None:
        for kind in KINDS:
            await inlet.record(kind, date="2026-01-05")

        assert (await statuses(owner))["2026-01-05"] is True

    async def test_may_correct_itself(self, inlet: Inlet, owner: Caller) -> None:
        await inlet.record("score")
        await inlet.record("attendance", time="2026-02-20T04:00:00Z")
        await inlet.record("attendance", date=YESTERDAY, time="2026-02-20T04:30:00Z")

        assert await statuses(owner) == {"2026-02-18": False, YESTERDAY: False, TODAY: False}

    async def test_comes_to_the_same_in_any_order(self, inlet: Inlet, owner: Caller) -> None:
        """The last word on recording 5 is yesterday, whatever was heard last."""
        words = [
            {"date": TODAY, "time": "2026-02-20T04:00:00Z"},
            {"date": "2026-02-18", "time": "2026-02-20T04:10:00+00:00"},
            {"date": YESTERDAY, "time": "2026-02-20T09:20:00+05:00"},
        ]
        for round_, order in enumerate(permutations(words), start=1):
            for day in (TODAY, YESTERDAY, "2026-02-18"):
                await inlet.record("score", number=round_ * 10 + int(day[-1]), date=day)
            for word in order:
                await inlet.record("attendance", number=5, source=f"journal-{round_}", **word)

            assert await statuses(owner) == {"2026-02-18": False, YESTERDAY: True, TODAY: False}

    async def test_of_another_source_has_numbers_of_its_own(
        self, inlet: Inlet, owner: Caller
    ) -> None:
        await inlet.record("attendance", source="a", date=YESTERDAY)
        await inlet.record("attendance", source="b", date=TODAY)
        for number, day in enumerate((YESTERDAY, TODAY)):
            await inlet.record("score", number=number + 1, date=day)

        assert (await statuses(owner))[YESTERDAY]
        assert (await statuses(owner))[TODAY]

    async def test_with_a_clock_far_ahead_does_not_win_for_ever(
        self, inlet: Inlet, owner: Caller
    ) -> None:
        await inlet.record("score", date=YESTERDAY)
        wild = message("attendance", time="2099-01-01T00:00:00Z")
        await inlet.take("attendance", wild, arrived_at=NOW)
        later = message("attendance", date=YESTERDAY, time="2026-02-20T05:01:00Z")
        await inlet.take("attendance", later, arrived_at=NOW + timedelta(minutes=1))

        assert (await statuses(owner))[YESTERDAY]

    async def test_may_leave_out_the_time_or_its_zone(self, inlet: Inlet, owner: Caller) -> None:
        await inlet.record("attendance", time="2026-02-20T04:00:00")
        await inlet.take("score", message("score"), arrived_at=datetime(2026, 2, 20, tzinfo=UTC))

        assert (await statuses(owner))[TODAY]

    async def test_knows_no_day_to_come(self, inlet: Inlet, owner: Caller) -> None:
        with pytest.raises(Unacceptable, match="2026-02-21 has not come yet"):
            await inlet.record("attendance", date=TOMORROW)

        assert TOMORROW not in await statuses(owner)

    async def test_counts_for_no_owner(self, inlet: Inlet, owner: Caller) -> None:
        for kind in KINDS:
            await inlet.record(kind, employee=OWNER)

        assert await statuses(owner, OWNER) == {}

    async def test_cannot_record_as_a_student(self, inlet: Inlet) -> None:
        with pytest.raises(Unacceptable, match="user 10 is no employee"):
            await inlet.record("attendance", employee=STUDENT)


class TestAnUnknownEmployee:
    async def test_is_asked_from_auth_and_counts(
        self, inlet: Inlet, owner: Caller, auth: StandIn
    ) -> None:
        auth.users = {77: told(77, "employee")}
        for kind in KINDS:
            await inlet.record(kind, employee=77)

        assert (await statuses(owner, 77))[TODAY]
        assert auth.asked == [[77]]

    async def test_is_refused_when_auth_does_not_know_him(
        self, inlet: Inlet, auth: StandIn
    ) -> None:
        with pytest.raises(Unacceptable, match="user 77 is no employee"):
            await inlet.record("attendance", employee=77)

        assert auth.asked == [[77]]

    async def test_has_to_wait_while_auth_is_away(self, inlet: Inlet, auth: StandIn) -> None:
        auth.is_away = True

        with pytest.raises(NotYet):
            await inlet.record("attendance", employee=77)


class TestOurOwnEvents:
    @pytest.fixture
    def relayed(self, app: FastAPI, inlet: Inlet) -> Callable[[], Any]:
        """Hand every event in the outbox to the consumers, as NATS would, newest first."""

        async def relay() -> int:
            async with app.state.hpa.database.reading() as view:
                rows = await view.connection()
                found = await rows.exec_driver_sql(
                    "SELECT subject, payload FROM outbox ORDER BY id DESC"
                )
                events = [(subject.split(".")[1], payload) for subject, payload in found]
            for kind, payload in events:
                await inlet.take(kind, payload)
            return len(events)

        return relay

    async def test_change_nothing_that_the_rows_do_not_say(
        self, relayed: Any, owner: Caller, teacher: Caller
    ) -> None:
        attendance = await teacher.post("/attendance/", {"student": STUDENT, "status": "late"})
        score = await teacher.post("/scores/", {"student": STUDENT, "value": 9})
        await teacher.call("PATCH", f"/scores/{score['id']}/", {"date": YESTERDAY})
        await teacher.call("DELETE", f"/attendance/{attendance['id']}/")
        before = await statuses(owner)

        assert await relayed() == 3
        assert await statuses(owner) == before
        assert not any(before.values())

    async def test_carry_what_the_journal_would_send(self, app: FastAPI, teacher: Caller) -> None:
        row = await teacher.post("/attendance/", {"student": STUDENT, "status": "late"})

        async with app.state.hpa.database.reading() as view:
            rows = await view.connection()
            payload = (await rows.exec_driver_sql("SELECT payload FROM outbox")).scalar_one()
        envelope = json.loads(payload)

        assert envelope["type"] == "hpa.attendance.recorded.v1"
        assert envelope["data"] == {
            "id": row["id"],
            "employee": TEACHER,
            "student": STUDENT,
            "date": TODAY,
        }


class TestAUser:
    async def test_who_is_hired_has_his_rows_at_once(self, app: FastAPI, owner: Caller) -> None:
        await tell(app.state.hpa.database, told(20, "employee"))

        assert list(await statuses(owner, 20)) == ["2026-02-18", YESTERDAY, TODAY]

    async def test_who_left_has_none_of_the_days_after(self, app: FastAPI, owner: Caller) -> None:
        left = told(
            TEACHER,
            "employee",
            version=2,
            is_active=False,
            changed_at=datetime(2026, 2, 18, 10, tzinfo=UTC),
        )
        await tell(app.state.hpa.database, left)

        assert list(await statuses(owner)) == ["2026-02-18"]

    async def test_who_left_keeps_what_he_recorded(
        self, app: FastAPI, owner: Caller, teacher: Caller
    ) -> None:
        for path, rest in (("/attendance/", {"status": "late"}), ("/scores/", {"value": 1})):
            await teacher.post(path, {"student": STUDENT, **rest})
        left = datetime(2026, 2, 18, 10, tzinfo=UTC)
        gone = told(TEACHER, "employee", version=2, is_active=False, changed_at=left)
        await tell(app.state.hpa.database, gone)

        assert await statuses(owner) == {"2026-02-18": False, TODAY: True}

    async def test_has_the_same_rows_in_whatever_order_his_story_is_heard(
        self, app: FastAPI, owner: Caller
    ) -> None:
        versions = (
            ("employee", 1, datetime(2026, 2, 15, 4, tzinfo=UTC)),
            ("owner", 2, datetime(2026, 2, 16, 4, tzinfo=UTC)),
            ("employee", 3, datetime(2026, 2, 19, 20, tzinfo=UTC)),
        )
        for user_id, order in enumerate(permutations(versions), start=30):
            for role, version, at in order:
                state: Any = {"version": version, "created_at": versions[0][2], "changed_at": at}
                await tell(app.state.hpa.database, told(user_id, role, **state))

            assert list(await statuses(owner, user_id)) == ["2026-02-15", "2026-02-16", TODAY]

    async def test_who_becomes_an_employee_has_the_days_he_recorded_before(
        self, app: FastAPI, owner: Caller, inlet: Inlet
    ) -> None:
        for kind in KINDS:
            await inlet.record(kind, employee=OWNER, date="2026-01-05")
        demoted = told(OWNER, "employee", version=2, changed_at=NOW)
        await tell(app.state.hpa.database, demoted)

        assert (await owner.get("/work-logs/?date=2026-01-05"))[0]["status"] is True

    async def test_that_was_told_twice_is_one(self, app: FastAPI, owner: Caller) -> None:
        again = told(COLLEAGUE, "employee")
        await tell(app.state.hpa.database, again, again)

        assert len(await statuses(owner, COLLEAGUE)) == 3


class TestASubject:
    async def test_is_known_without_asking(
        self, app: FastAPI, teacher: Caller, exams: StandIn
    ) -> None:
        registration = consumers.registrations[SubjectChangedV1.subject]
        versions = [(2, "Fizika", False), (1, "Phizika", True)]
        async with app.state.hpa.database.transaction() as tx:
            for version, name, is_deleted in versions:
                event = SubjectChangedV1(
                    subject_id=7, version=version, name=name, is_deleted=is_deleted
                )
                await registration.handler(tx, event)

        await teacher.post("/scores/", {"student": STUDENT, "value": 9, "subject": 7})

        assert exams.asked == []
