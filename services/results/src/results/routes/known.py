"""Whether what a body names exists: the exam and the people, asked for once when unknown here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from results.intake import Intake
from results.service import exams as service
from shared.errors import Invalid, Unavailable
from shared.runtime import Runtime


@dataclass(frozen=True)
class _Seen:
    """What this service knows by itself of an exam and of people."""

    title: str | None
    roles: Mapping[int, str]


async def require_known(
    app: Runtime, intake: Intake, values: dict[str, Any], current: dict[str, Any] | None = None
) -> str:
    """
    Require that the exam and the users that *values* name exist; return the exam's title.

    Ids that *current* has already are not asked about; the title is then empty. Raises `Invalid`
    for unknown ids and `Unavailable` when nobody can tell.
    """
    new = {name: value for name, value in values.items() if value != (current or {}).get(name)}
    exam_id = new.get("exam")
    people = {name: new[name] for name in ("student", "checked_by") if new.get(name)}
    if app.users is None:
        people = {}
    if exam_id is None and not people:
        return ""
    seen = await _look(app, exam_id, people)
    if await _ask(app, intake, seen, exam_id, people):
        seen = await _look(app, exam_id, people)
    problems: dict[str, object] = {}
    if exam_id is not None and not seen.title:
        problems |= _unknown("exam", exam_id)
    for name, user_id in people.items():
        role = seen.roles.get(user_id)
        # A result is a student's, and no student checks one.
        if role is None or (role == "student") != (name == "student"):
            problems |= _unknown(name, user_id)
    if problems:
        raise Invalid(problems)
    return seen.title or ""


async def _look(app: Runtime, exam_id: int | None, people: Mapping[str, int]) -> _Seen:
    look = app.database.glance
    title = None if exam_id is None else await service.find_title(look, exam_id)
    roles = await app.users.find_roles(look, people.values()) if app.users and people else {}
    return _Seen(title, roles)


async def _ask(
    app: Runtime, intake: Intake, seen: _Seen, exam_id: int | None, people: Mapping[str, int]
) -> bool:
    """Ask the owners of what was not seen; return whether there was anything to ask."""
    asks_exam = exam_id is not None and seen.title is None
    if exam_id is not None and asks_exam and not await intake.leases.renew(exam_id):
        raise Unavailable
    absent = [user_id for user_id in people.values() if user_id not in seen.roles]
    if app.users is not None and absent:
        await app.users.resolve(absent)
    return asks_exam or bool(absent)


def _unknown(name: str, pk: int) -> dict[str, object]:
    return {name: [f'Invalid pk "{pk}" - object does not exist.']}
