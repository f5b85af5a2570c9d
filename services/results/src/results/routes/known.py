"""Whether what a body names exists: the exam and the people, asked for once when unknown here."""

from typing import Any

from results.intake import Intake
from results.service import exams as service
from shared.errors import Invalid, Unavailable
from shared.runtime import Runtime


async def require_known(
    app: Runtime, intake: Intake, values: dict[str, Any], current: dict[str, Any] | None = None
) -> str:
    """
    Require that the exam and the users that *values* name exist; return the exam's title.

    Ids that *current* has already are not asked about; the title is then empty. Raises `Invalid`
    for unknown ids and `Unavailable` when nobody can tell.
    """
    new = {name: value for name, value in values.items() if value != (current or {}).get(name)}
    problems: dict[str, object] = {}
    title = ""
    if "exam" in new:
        title = await _exam_title(app, intake, new["exam"]) or ""
        if not title:
            problems |= _unknown("exam", new["exam"])
    problems |= await _unknown_people(app, new)
    if problems:
        raise Invalid(problems)
    return title


async def _exam_title(app: Runtime, intake: Intake, exam_id: int) -> str | None:
    async with app.database.reading() as view:
        title = await service.find_title(view, exam_id)
    if title is None:
        if not await intake.leases.renew(exam_id):
            raise Unavailable
        async with app.database.reading() as view:
            title = await service.find_title(view, exam_id)
    return title


async def _unknown_people(app: Runtime, new: dict[str, Any]) -> dict[str, object]:
    people = {name: new[name] for name in ("student", "checked_by") if new.get(name)}
    if app.users is None or not people:
        return {}
    await app.users.resolve(list(people.values()))
    async with app.database.reading() as view:
        known = await app.users.find_many(view, people.values())
    problems: dict[str, object] = {}
    for name, user_id in people.items():
        user = known.get(user_id)
        # A result is a student's, and no student checks one.
        if user is None or (user.role == "student") != (name == "student"):
            problems |= _unknown(name, user_id)
    return problems


def _unknown(name: str, pk: int) -> dict[str, object]:
    return {name: [f'Invalid pk "{pk}" - object does not exist.']}
