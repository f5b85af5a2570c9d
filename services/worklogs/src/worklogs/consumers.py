"""What this service does about events: recordings, users, subjects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import utcnow
from shared.contracts.auth import UserChangedV1
from shared.contracts.exams import SubjectChangedV1
from shared.contracts.worklogs import AttendanceRecordedV1, ScoreRecordedV1
from shared.errors import Unavailable
from shared.events.consumers import Consumers, NotYet, Received, Unacceptable
from shared.runtime import Runtime
from shared.users.replica import apply_user
from worklogs import domain
from worklogs.domain import Recorded
from worklogs.service import days, recordings, subjects

consumers: Final = Consumers("worklogs")

RecordedEvent = AttendanceRecordedV1 | ScoreRecordedV1


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found out before the transaction."""

    zone: str
    auth_answered: bool


async def ask_for_employees(runtime: Runtime, events: list[RecordedEvent]) -> Asked:
    """Ask auth once for the employees that nobody here knows; its silence is told, not raised."""
    ids = [event.employee for event in events]
    try:
        if runtime.users is not None:
            await runtime.users.resolve(ids)
    except Unavailable:
        return Asked(runtime.settings.hpa_time_zone, auth_answered=False)
    return Asked(runtime.settings.hpa_time_zone, auth_answered=True)


async def academy_zone(runtime: Runtime, _: list[UserChangedV1]) -> str:
    """Hand the academy's time zone to the handler."""
    return runtime.settings.hpa_time_zone


@consumers.on_received(AttendanceRecordedV1, prepare=ask_for_employees)
async def apply_attendance(tx: AsyncSession, received: Received) -> None:
    """Let an attendance count for its employee's day."""
    await _apply(tx, domain.ATTENDANCE, received)


@consumers.on_received(ScoreRecordedV1, prepare=ask_for_employees)
async def apply_score(tx: AsyncSession, received: Received) -> None:
    """Let a score count for its employee's day."""
    await _apply(tx, domain.SCORE, received)


@consumers.on_received(UserChangedV1, prepare=academy_zone)
async def apply_user_changed(tx: AsyncSession, received: Received) -> None:
    """Keep the user, and give whoever is hired his rows at once."""
    event = received.event
    assert isinstance(event, UserChangedV1)  # noqa: S101 - what it is registered for
    await apply_user(tx, event)
    change = domain.change_of(
        version=event.version,
        role=event.role,
        is_active=event.is_active,
        created_at=event.created_at,
        changed_at=event.changed_at,
    )
    await days.note_user(tx, event.user_id, change, now=utcnow(), zone=received.prepared)


@consumers.on(SubjectChangedV1)
async def apply_subject_changed(tx: AsyncSession, event: SubjectChangedV1) -> None:
    """Keep the subject, so that scores may name it."""
    await subjects.keep_subjects(tx, [event.model_dump()])


async def _apply(tx: AsyncSession, kind: str, received: Received) -> None:
    event, asked = received.event, received.prepared
    assert isinstance(event, RecordedEvent)  # noqa: S101 - what it is registered for
    assert isinstance(asked, Asked)  # noqa: S101 - what `prepare` returned
    now = utcnow()
    told = Recorded(
        kind=kind,
        source=received.source,
        external_id=event.id,
        employee_id=event.employee,
        student_id=event.student,
        date=event.date,
        recorded_at=_happened_at(received, now),
        event_id=received.event_id,
    )
    if told.source != recordings.OWN_SOURCE:
        _require_past(told, now, asked.zone)
    if await recordings.apply_recording(tx, told, now=now):
        return
    if not asked.auth_answered:
        message = f"user {event.employee} is unknown and auth is away"
        raise NotYet(message)
    message = f"user {event.employee} is no employee"
    raise Unacceptable(message)


def _require_past(told: Recorded, now: datetime, zone: str) -> None:
    if domain.is_future(told.date, now, zone, leeway=domain.CLOCK_LEEWAY):
        message = f"{told.date} has not come yet"
        raise Unacceptable(message)


def _happened_at(received: Received, now: datetime) -> datetime:
    """Return when it was recorded; a clock far ahead must not win over every later correction."""
    arrived_at = received.arrived_at or now
    told = received.time or arrived_at
    return told if told <= arrived_at + domain.CLOCK_LEEWAY else arrived_at
