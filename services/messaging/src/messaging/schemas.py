"""Bodies and answers of the messaging service."""

from datetime import datetime
from typing import Annotated, Any, Literal

from orjson import Fragment
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from messaging import examples
from messaging.domain.markup import require_sendable
from messaging.errors import MarkupRefused
from messaging.service.messages import Written
from shared.http import messages
from shared.http.fields import Id, Input, Text

MAX_RECIPIENTS = 5000
MAX_SOURCE = 32_768
"""Characters with the tags; what a reader sees has its own, smaller limit."""

LogStatus = Literal["pending", "sent", "failed"]


def _sendable(text: str) -> str:
    try:
        require_sendable(text)
    except MarkupRefused as refused:
        raise messages.refusal(str(refused)) from None
    return text


MessageText = Annotated[
    str,
    Text(MAX_SOURCE),
    AfterValidator(_sendable),
    Field(
        description=(
            "HTML as Telegram takes it: b strong i em u ins s strike del a code pre blockquote"
            " tg-spoiler span tg-emoji tg-time, all closed. At most 4096 characters without the"
            " tags, counted as Telegram counts them: in UTF-16 units."
        )
    ),
]


class MessageUpdate(Input):
    """A new text for those who have not got the old one yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Yangilangan xabar matni"}]})

    text: MessageText


class MessageCreate(MessageUpdate):
    """A message to students; ids of others are left out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": examples.TEXT, "recipient_ids": [10, 11, 12]}]}
    )

    recipient_ids: Annotated[list[Id], Field(min_length=1, max_length=MAX_RECIPIENTS)]


class LinkCreate(Input):
    """Whose chat the link will bind; staff must say, a student's is always his own."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"student": 10}]})

    student: Id | None = None


class MessageLogOut(BaseModel):
    """One recipient and how far the message came."""

    id: int
    message: int
    recipient: int
    recipient_name: str
    status: LogStatus
    error: str | None
    sent_at: datetime | None


class MessageOut(BaseModel):
    """A message with its recipients."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MESSAGE]})

    id: int
    text: str
    recipients: list[int]
    sent_by: int
    logs: list[MessageLogOut]
    created_at: datetime


class ProgressOut(BaseModel):
    """How far a message came."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PROGRESS]})

    total: int
    pending: int
    sent: int
    failed: int


class LinkOut(BaseModel):
    """A link that binds the chat in which it is opened; it works once."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LINK]})

    url: str
    expires_at: datetime


class LinkedStudentOut(BaseModel):
    """A student and whether messages reach him."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LINKED]})

    id: int
    username: str
    full_name: str
    telegram_id: int | None
    linked: bool
    unreachable_since: datetime | None


class WebhookUpdate(BaseModel):
    """What Telegram tells the bot; only /start and blocking matter here."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.UPDATE]})

    update_id: int


class WebhookAnswer(BaseModel):
    """What the bot says to it, as a call of the Bot API; empty when it says nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.BOT_ANSWER, {}]})

    method: Literal["sendMessage"] | None = None
    chat_id: int | None = None
    text: str | None = None


def message_out(message: Written) -> dict[str, Any]:
    """Return a message as the API shows it; its logs are JSON already."""
    return {
        "id": message.id,
        "text": message.text,
        "recipients": Fragment(message.recipients),
        "sent_by": message.sent_by,
        "logs": Fragment(message.logs),
        "created_at": message.created_at,
    }


def student_out(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the repository
    """Return a student as the list of links shows him."""
    return {
        "id": row.id,
        "username": row.username,
        "full_name": row.full_name,
        "telegram_id": row.telegram_id,
        "linked": row.telegram_id is not None and row.unreachable_since is None,
        "unreachable_since": row.unreachable_since,
    }
