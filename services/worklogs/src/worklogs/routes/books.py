"""How both books are read and written: others are asked first, then one transaction does it all."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from shared.http.body import Raw, parse
from shared.http.pagination import Page, json_stream, written_list
from shared.http.replies import reply
from shared.runtime import Runtime
from shared.security.principal import Principal
from worklogs.clients import learn_subjects
from worklogs.deps import Filters
from worklogs.domain import STUDENT, RecordFilter
from worklogs.schemas import RecordWrite
from worklogs.service import records
from worklogs.service.records import Desk, Kind

Fields = dict[str, Any]


async def list_records(
    view: AsyncSession, kind: Kind, wanted: RecordFilter, page: Page, caller: Principal
) -> Response:
    """Answer the rows the caller may see."""
    if caller.role == STUDENT:
        if wanted.student not in {None, caller.user_id}:
            return written_list([], total=0, page=page)
        wanted = replace(wanted, student=caller.user_id)
    rows, total = await records.list_records(
        view, kind, wanted, ordering=page.ordering, limit=page.limit, offset=page.offset
    )
    names = kind.fields
    return await json_stream(
        rows, lambda row: dict(zip(names, row, strict=True)), total=total, page=page
    )


def filter_of(
    filters: Filters,
    page: Page,
    *,
    student: int | None,
    status: str | None = None,
    subject: int | None = None,
) -> RecordFilter:
    """Put together what a list is asked for."""
    return RecordFilter(
        student=student,
        employee=filters.employee,
        subject=subject,
        status=status,
        date=filters.date,
        date_from=filters.date_from,
        date_to=filters.date_to,
        search=page.search,
    )


async def record(
    app: Runtime, kind: Kind, body: RecordWrite | Sequence[RecordWrite], desk: Desk
) -> Response:
    """Store one row or an array of them: an array answers an array."""
    many = not isinstance(body, RecordWrite)
    given = [body] if isinstance(body, RecordWrite) else body
    bodies = [one.model_dump(exclude_unset=True) for one in given]
    desk = await _informed(app, bodies, desk)
    async with app.database.transaction() as tx:
        stored = await records.record(tx, kind, bodies, desk, many=many)
    return reply(stored if many else stored[0], 201)


async def edit(app: Runtime, kind: Kind, record_id: int, changes: Fields, desk: Desk) -> Response:
    """Store *changes* of a row."""
    desk = await _informed(app, [changes], desk)
    async with app.database.transaction() as tx:
        return reply(await records.update_record(tx, kind, record_id, changes, desk))


async def changes_of(
    app: Runtime,
    kind: Kind,
    record_id: int,
    body: tuple[type[RecordWrite], Raw, bool],
    caller: Principal,
) -> Fields:
    """Read an edit's body after it is clear that the row is there and the caller may change it."""
    async with app.database.reading() as view:
        found = await records.find_record(view, kind, record_id, caller)
    records.require_own(found, caller)
    model, raw, partial = body
    return parse(model, raw, partial=partial).model_dump(exclude_unset=True)


async def _informed(app: Runtime, bodies: list[Fields], desk: Desk) -> Desk:
    """Ask auth and exams, outside any transaction, for whom and what is unknown here."""
    if app.users is not None:
        await app.users.resolve(records.named_users(bodies, desk.caller))
    subjects = {body["subject"] for body in bodies if body.get("subject")}
    return replace(desk, knows_subjects=await learn_subjects(app, subjects))
