"""What the routes of this service ask for."""

from hmac import compare_digest
from typing import Annotated, cast

from fastapi import Depends, Query
from pydantic import BeforeValidator
from starlette.requests import Request

from messaging.clients import BotName
from messaging.domain.listing import Part, Wanted
from messaging.errors import MessageNotFound, WebhookAbsent
from messaging.schemas import LogStatus
from messaging.settings import Settings
from shared.clock import midnight
from shared.errors import Forbidden
from shared.http.deps import App, path_id, require_role
from shared.http.fields import Day, Id
from shared.http.pagination import Page, paging
from shared.security.principal import Principal

StaffCaller = Annotated[Principal, Depends(require_role("employee", "owner"))]
MessageId = Annotated[int, path_id("message_id", MessageNotFound)]


def _open(value: object) -> object:
    return None if value == "" else value


Open = BeforeValidator(_open)
"""A filter that came empty asks nothing, as in DRF."""

IdFilter = Annotated[Id | None, Open, Query()]
DayFilter = Annotated[Day | None, Open, Query()]
MessagesPage = Annotated[Page, paging("id", "created_at", "sent_by")]
StudentsPage = Annotated[Page, paging()]


async def _wanted(
    app: App,
    student: IdFilter = None,
    sent_by: IdFilter = None,
    status: Annotated[LogStatus | None, Open, Query()] = None,
    date_from: DayFilter = None,
    date_to: DayFilter = None,
) -> Wanted:
    zone = app.settings.hpa_time_zone
    return Wanted(
        student=student,
        sent_by=sent_by,
        status=status,
        since=midnight(date_from, zone) if date_from else None,
        before=midnight(date_to, zone, after=1) if date_to else None,
    )


MessageFilter = Annotated[Wanted, Depends(_wanted)]
LinkedFilter = Annotated[bool | None, Open, Query()]


def part_of(page: Page) -> Part:
    """Return the part of the list that *page* asks for."""
    return Part(limit=page.limit, offset=page.offset, ordering=page.ordering)


async def _settings(app: App) -> Settings:
    return cast("Settings", app.settings)


async def _bot_name(request: Request) -> BotName:
    return cast("BotName", request.scope["app"].state.bot_name)


OwnSettings = Annotated[Settings, Depends(_settings)]
Bot = Annotated[BotName, Depends(_bot_name)]


async def _telegram(request: Request, settings: OwnSettings) -> None:
    secret = settings.telegram_webhook_secret.get_secret_value()
    if not secret:
        raise WebhookAbsent
    given = request.headers.get("x-telegram-bot-api-secret-token", "")
    if not compare_digest(given.encode(), secret.encode()):
        raise Forbidden


FromTelegram = Depends(_telegram)
"""Only Telegram knows the secret; without a webhook there is no such path."""
