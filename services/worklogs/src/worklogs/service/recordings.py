"""Recordings that arrive as events: our own come back, an outside journal's are kept."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from shared.users import find_users
from worklogs.domain import EMPLOYEE, STUDENT, Recorded
from worklogs.repository import recordings
from worklogs.service import days

OWN_SOURCE: Final = "hpa/worklogs"


async def apply_recording(tx: AsyncSession, told: Recorded, *, now: datetime) -> bool:
    """
    Let a recording count; false when its employee is unknown here or is no employee.

    What our own endpoints told is only a reason to look again: their rows say what holds, and a
    row that was deleted meanwhile must not come back by its event.
    """
    user = (await find_users(tx, [told.employee_id])).get(told.employee_id)
    employees = {user.id} if user and user.role == EMPLOYEE else set()
    if told.source == OWN_SOURCE:
        touched = {(told.employee_id, told.date)}
    elif user is None or user.role == STUDENT:
        return False
    else:
        touched = await recordings.keep_recording(tx, told)
    await days.recompute(tx, touched, employees=employees, now=now)
    return True
