"""Binding a chat to a user: the one-use token, and what the bot understands and says."""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

MAX_CHAT: Final = 2**63 - 1
_START: Final = re.compile(r"/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*", re.ASCII)


class Reply(StrEnum):
    """What the bot answers."""

    LINKED = "Tayyor! Endi xabarlar shu chatga keladi."
    EXPIRED = "Havola eskirgan yoki ishlatilgan. Yangi havola so'rang."
    WELCOME = "Assalomu alaykum! Ulanish uchun akademiyadan havola so'rang."


@dataclass(frozen=True, slots=True)
class Started:
    """Somebody opened the bot in a private chat, perhaps with a link's token."""

    chat_id: int
    token: str | None


@dataclass(frozen=True, slots=True)
class Blocked:
    """The user of a private chat blocked the bot."""

    chat_id: int


def new_token() -> str:
    """Return a token that nobody can guess and that fits into a deep link (64 characters)."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """Return what is stored: the token itself is known to the link alone."""
    return hashlib.sha256(token.encode()).hexdigest()


class Link(Protocol):
    """The part of a stored link that the rule needs."""

    used_at: datetime | None
    chat_id: int | None
    expires_at: datetime


def may_use(link: Link, chat_id: int, now: datetime) -> bool:
    """Tell whether the chat may use the link: once, in time; the same chat may say it twice."""
    if link.used_at is not None:
        return link.chat_id == chat_id
    return now < link.expires_at


def link_to(bot: str, token: str) -> str:
    """Return the deep link that opens *bot* and sends it the token."""
    return f"https://t.me/{bot}?start={token}"


def read_update(update: object) -> Started | Blocked | None:
    """Return what an update of Telegram tells us, or None when it is none of our business."""
    if not isinstance(update, Mapping):
        return None
    message, membership = update.get("message"), update.get("my_chat_member")
    if isinstance(message, Mapping):
        return _started(message)
    if isinstance(membership, Mapping):
        return _blocked(membership)
    return None


def _started(message: Mapping[str, Any]) -> Started | None:
    chat_id, text = _private_chat(message), message.get("text")
    found = _START.fullmatch(text) if isinstance(text, str) else None
    return Started(chat_id, found[1]) if found and chat_id is not None else None


def _blocked(membership: Mapping[str, Any]) -> Blocked | None:
    chat_id, member = _private_chat(membership), membership.get("new_chat_member")
    kicked = isinstance(member, Mapping) and member.get("status") == "kicked"
    return Blocked(chat_id) if kicked and chat_id is not None else None


def _private_chat(event: Mapping[str, Any]) -> int | None:
    """Return the chat unless it is a group: a student's messages must not end up there."""
    chat = event.get("chat")
    if not isinstance(chat, Mapping) or chat.get("type") != "private":
        return None
    chat_id = chat.get("id")
    known = type(chat_id) is int and 0 < chat_id <= MAX_CHAT
    return chat_id if known else None
