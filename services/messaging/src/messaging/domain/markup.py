"""Which HTML Telegram takes; the same steps as its own parser, so that what passes is sent."""

import re
from typing import Final, NoReturn

from messaging.errors import MarkupRefused

MAX_UNITS: Final = 4096
"""Telegram counts UTF-16 code units after parsing: an emoji outside the BMP counts twice."""

TAGS: Final = frozenset(
    ("a", "b", "blockquote", "code", "del", "em", "i", "ins", "pre", "s", "span", "strike",
     "strong", "tg-emoji", "tg-spoiler", "tg-time", "u")
)  # fmt: skip

_NAME: Final = re.compile(r"[^\s>]*", re.ASCII)
_SPACE: Final = re.compile(r"\s*", re.ASCII)
_ATTRIBUTE: Final = re.compile(r"[^\s=>]+", re.ASCII)
_EQUALS: Final = re.compile(r"\s*=\s*", re.ASCII)
_VALUE: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9.\-]*)(?=[\s>])", re.ASCII)
_REFERENCE: Final = re.compile(
    r"&(?:#x([0-9a-f]{1,7})(?![0-9a-f])|#([0-9]{1,7})(?![0-9])|(lt|gt|amp|quot)(?![a-z]));?",
    re.IGNORECASE,
)
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_MAX_CODE_POINT: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)


def require_sendable(text: str) -> None:
    """
    Accept *text* as the HTML of one message.

    Raises `MarkupRefused` for tags that Telegram does not know, that stay open or cross each
    other, for more than 4096 UTF-16 units without the tags, and for a text without any letter.
    """
    plain = plain_text(text)
    units = len(plain.encode("utf-16-le")) // 2
    if units > MAX_UNITS:
        message = (
            f"Ensure this field has no more than {MAX_UNITS} characters without its tags,"
            " as Telegram counts them (UTF-16 units)."
        )
        raise MarkupRefused(message)
    if not plain.strip():
        message = "This field may not be blank."
        raise MarkupRefused(message)


def plain_text(text: str) -> str:
    """Return what a reader sees of *text*. Raises `MarkupRefused`."""
    parts: list[str] = []
    opened: list[str] = []
    at = 0
    while (found := text.find("<", at)) >= 0:
        parts.append(_decoded(text[at:found]))
        at = (
            _end_tag(text, found, opened)
            if text[found + 1 : found + 2] == "/"
            else _start_tag(text, found, opened)
        )
    if opened:
        message = f"The tag <{opened[-1]}> is never closed."
        raise MarkupRefused(message)
    return "".join([*parts, _decoded(text[at:])])


def _start_tag(text: str, begin: int, opened: list[str]) -> int:
    name, at = _name(text, begin + 1)
    if at >= len(text):
        _refuse("A tag is not finished", begin)
    if name not in TAGS:
        _refuse("Telegram does not know the tag (a plain < is written &lt;)", begin)
    attributes: dict[str, str] = {}
    while True:
        at = _after(_SPACE, text, at)
        if text[at : at + 1] == ">":
            break
        key, value, at = _attribute(text, at, begin)
        attributes[key] = value
    _require_attributes(name, attributes, begin)
    opened.append(name)
    return at + 1


def _attribute(text: str, at: int, begin: int) -> tuple[str, str, int]:
    key = _ATTRIBUTE.match(text, at)
    if key is None:
        _refuse("A tag is not finished", begin)
    equals = _EQUALS.match(text, key.end())
    if equals is None:
        return key[0], "", key.end()
    value = _VALUE.match(text, equals.end())
    if value is None:
        _refuse("The value of an attribute is not finished", begin)
    return key[0], _decoded(value[1] or value[2] or value[3] or ""), value.end()


def _require_attributes(name: str, attributes: dict[str, str], begin: int) -> None:
    if name == "span" and attributes.get("class") != "tg-spoiler":
        _refuse('The tag <span> must have the class "tg-spoiler"', begin)
    if name == "tg-emoji":
        emoji = attributes.get("emoji-id", "")
        if not (emoji.isascii() and emoji.isdigit() and 0 < int(emoji[:20]) < 2**63):
            _refuse("The tag <tg-emoji> must have a number as emoji-id", begin)


def _end_tag(text: str, begin: int, opened: list[str]) -> int:
    name, at = _name(text, begin + 2)
    at = _after(_SPACE, text, at)
    if text[at : at + 1] != ">":
        _refuse("A closing tag is not finished", begin)
    if not opened:
        _refuse("A tag is closed that was not opened", begin)
    expected = opened.pop()
    if name not in {"", expected}:
        _refuse(f"Here <{expected}> must be closed first", begin)
    return at + 1


def _name(text: str, at: int) -> tuple[str, int]:
    end = _after(_NAME, text, at)
    return text[at:end].lower(), end


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _decoded(text: str) -> str:
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    if reference[3]:
        return _NAMED[reference[3].lower()]
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    if code in _SURROGATES:
        message = "A character reference is half of a character."
        raise MarkupRefused(message)
    return chr(code) if 0 < code < _MAX_CODE_POINT else reference[0]


def _refuse(sentence: str, begin: int) -> NoReturn:
    message = f"{sentence}, at character {begin + 1}."
    raise MarkupRefused(message)
