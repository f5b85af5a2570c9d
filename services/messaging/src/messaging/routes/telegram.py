"""Binding Telegram chats over HTTP, and the door for Telegram's own updates."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from messaging.deps import (
    Bot,
    FromTelegram,
    LinkedFilter,
    OwnSettings,
    StaffCaller,
    StudentsPage,
    part_of,
)
from messaging.domain.links import link_to
from messaging.errors import (
    BotTokenMissing,
    BotUnreachable,
    StudentMissing,
    StudentUnknown,
    WebhookAbsent,
)
from messaging.schemas import (
    LinkCreate,
    LinkedStudentOut,
    LinkOut,
    WebhookAnswer,
    WebhookUpdate,
    student_out,
)
from messaging.service import links as service
from shared.errors import Forbidden, Invalid
from shared.http.body import JsonBody, Raw, RawJson, loads
from shared.http.deps import App, Caller, Now, Read, Tx
from shared.http.errors import errors
from shared.http.pagination import json_list
from shared.http.replies import reply
from shared.security.principal import Principal

router = APIRouter(prefix="/api/v1/telegram", tags=["telegram"])


@router.post(
    "/link/",
    status_code=201,
    response_model=LinkOut,
    responses=errors(StudentUnknown, BotTokenMissing, BotUnreachable),
)
async def create_link(
    caller: Caller,
    body: Annotated[LinkCreate, JsonBody(LinkCreate)],
    app: App,
    bot: Bot,
    settings: OwnSettings,
    now: Now,
) -> Response:
    """Make a link to the bot that binds the chat in which it is opened: once, until it expires."""
    student = _student_of(caller, body)
    if app.users is not None:
        await app.users.resolve([student])
    name = await bot.get()
    async with app.database.transaction() as tx:
        token, expires_at = await service.create_link(
            tx,
            user_id=student,
            created_by=caller.user_id,
            life=timedelta(seconds=settings.link_seconds),
            now=now,
        )
    return reply({"url": link_to(name, token), "expires_at": expires_at}, 201)


def _student_of(caller: Principal, body: LinkCreate) -> int:
    if caller.role == "student":
        return caller.user_id
    if body.student is None:
        raise StudentMissing
    return body.student


@router.get("/links/", response_model=list[LinkedStudentOut], responses=errors(Invalid))
async def list_links(
    _: StaffCaller, page: StudentsPage, view: Read, linked: LinkedFilter = None
) -> Response:
    """List students by name; `linked=false`: those whom no message reaches."""
    rows, total = await service.list_links(
        view, is_linked=linked, search=page.search, part=part_of(page)
    )
    return await json_list(rows, student_out, total=total, page=page)


@router.post(
    "/webhook/",
    dependencies=[FromTelegram],
    response_model=WebhookAnswer,
    responses=errors(WebhookAbsent, Forbidden),
)
async def receive_update(raw: Annotated[Raw, RawJson(WebhookUpdate)], tx: Tx, now: Now) -> Response:
    """Take an update from Telegram, where a webhook is configured; answer as the bot."""
    answer = await service.handle_update(tx, loads(raw), now=now)
    if answer is None:
        return reply({})
    return reply({"method": "sendMessage", "chat_id": answer.chat_id, "text": answer.text})
