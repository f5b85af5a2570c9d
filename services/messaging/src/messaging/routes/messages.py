"""Messages over HTTP."""

from dataclasses import asdict, replace
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from messaging.deps import MessageFilter, MessageId, MessagesPage, StaffCaller, part_of
from messaging.domain.draft import Draft
from messaging.errors import MessageNotFound, NoRecipients
from messaging.schemas import (
    MessageCreate,
    MessageOut,
    MessageUpdate,
    ProgressOut,
    message_out,
)
from messaging.service import messages as service
from shared.errors import Invalid, Unavailable
from shared.http.body import JsonBody, Raw, RawJson, parse
from shared.http.deps import App, Now, Read, Tx
from shared.http.errors import errors
from shared.http.pagination import written_list
from shared.http.replies import dumps, no_content, reply
from shared.runtime import Runtime

router = APIRouter(prefix="/api/v1/messages", tags=["messages"])


@router.get("/", response_model=list[MessageOut], responses=errors(Invalid))
async def list_messages(
    _: StaffCaller, wanted: MessageFilter, page: MessagesPage, view: Read
) -> Response:
    """List messages with their logs, newest first."""
    wanted = replace(wanted, search=page.search)
    found, total = await service.list_messages(view, wanted, part_of(page))
    return written_list([dumps(message_out(row)) async for row in found], total=total, page=page)


@router.post(
    "/", status_code=201, response_model=MessageOut, responses=errors(NoRecipients, Unavailable)
)
async def create_message(
    caller: StaffCaller,
    body: Annotated[MessageCreate, JsonBody(MessageCreate)],
    app: App,
    now: Now,
) -> Response:
    """Write to students; the logs say `pending`, the sender does the rest."""
    draft = Draft(body.text, body.recipient_ids, sent_by=caller.user_id, now=now)
    async with app.database.brief() as tx:
        written = await service.create_message_to_known(tx, draft)
    if written is None:
        if app.users is not None:
            await app.users.resolve(draft.wanted)
        async with app.database.brief() as tx:
            written = await service.create_message(tx, draft)
    return reply(message_out(written), 201)


@router.get("/{message_id}/", response_model=MessageOut, responses=errors(MessageNotFound))
async def get_message(_: StaffCaller, message_id: MessageId, view: Read) -> Response:
    """Show a message with its logs."""
    return reply(message_out(await service.get_message(view, message_id)))


@router.put("/{message_id}/", response_model=MessageOut, responses=errors(MessageNotFound))
async def replace_message(
    _: StaffCaller, message_id: MessageId, raw: Annotated[Raw, RawJson(MessageUpdate)], app: App
) -> Response:
    """Change the text; those who have not got it yet get the new one."""
    return await _update(app, message_id, raw, partial=False)


@router.patch("/{message_id}/", response_model=MessageOut, responses=errors(MessageNotFound))
async def update_message(
    _: StaffCaller,
    message_id: MessageId,
    raw: Annotated[Raw, RawJson(MessageUpdate, partial=True)],
    app: App,
) -> Response:
    """Change the text if there is a new one."""
    return await _update(app, message_id, raw, partial=True)


async def _update(app: Runtime, message_id: int, raw: bytes, *, partial: bool) -> Response:
    async with app.database.reading() as view:
        await service.require_message(view, message_id)
    body = parse(MessageUpdate, raw, partial=partial)
    text = body.text if "text" in body.model_fields_set else None
    async with app.database.transaction() as tx:
        written = await service.update_message(tx, message_id, text)
    return reply(message_out(written))


@router.delete("/{message_id}/", status_code=204, responses=errors(MessageNotFound))
async def delete_message(_: StaffCaller, message_id: MessageId, tx: Tx) -> Response:
    """Delete a message; what is pending is not sent any more."""
    await service.delete_message(tx, message_id)
    return no_content()


@router.post("/{message_id}/retry/", response_model=MessageOut, responses=errors(MessageNotFound))
async def retry_message(_: StaffCaller, message_id: MessageId, tx: Tx) -> Response:
    """Send again to those to whom it failed, the doubtful ones too."""
    return reply(message_out(await service.retry_message(tx, message_id)))


@router.get(
    "/{message_id}/progress/", response_model=ProgressOut, responses=errors(MessageNotFound)
)
async def get_message_progress(_: StaffCaller, message_id: MessageId, view: Read) -> Response:
    """Count how far a message came."""
    return reply(asdict(await service.get_progress(view, message_id)))
