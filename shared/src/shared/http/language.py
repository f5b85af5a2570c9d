"""
The language of errors: their sentences follow `Accept-Language`, their codes and shapes never do.

Sentences are looked up by the text that stands without the header: English for what Django REST
Framework would say, Uzbek for what the business refuses. Only answers that are errors come by.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson
from starlette.types import Message, Scope, Send

LANGUAGES: Final = ("uz", "ru", "en")
MAX_HEADER: Final = 200
MAX_RANGES: Final = 10
ERRORS_FROM: Final = 400
JSON: Final = b"application/json"
REFUSAL: Final = b'{"error"'
"""How the answer to a refusal of the business begins."""

Texts = Mapping[str, Mapping[str, str]]
"""A sentence with `{places}` → language → the sentence there, with the same places."""

_PLACE: Final = re.compile(r"\\\{(\w+)\\\}")
_RANGE: Final = re.compile(
    r"\s*([A-Za-z]{1,8})(?:-[\w-]*)?\s*(?:;\s*q\s*=\s*(\d(?:\.\d{0,3})?)\s*)?"
)


def preferred(header: str) -> str | None:
    """Return the language wanted most of those we speak, or None for whatever stands there."""
    best, weight = None, 0.0
    for part in header[:MAX_HEADER].split(",")[:MAX_RANGES]:
        found = _RANGE.fullmatch(part)
        if found is None or found[1].lower() not in LANGUAGES:
            continue
        quality = min(float(found[2] or 1), 1.0)
        if quality > weight:
            best, weight = found[1].lower(), quality
    return best


class Phrasebook:
    """Sentences in several languages."""

    def __init__(self, *texts: Texts) -> None:
        """Know all of *texts*."""
        self._exact: dict[str, Mapping[str, str]] = {}
        self._patterns: list[tuple[re.Pattern[str], Mapping[str, str]]] = []
        for book in texts:
            for text, others in book.items():
                if "{" in text:
                    self._patterns.append((_pattern(text), others))
                else:
                    self._exact[text] = others
        self.say = lru_cache(2048)(self._say)

    def _say(self, text: str, language: str) -> str:
        """Return *text* in *language*, or as it is when nobody has translated it."""
        others = self._exact.get(text)
        if others is not None:
            return others.get(language, text)
        for pattern, translations in self._patterns:
            found = pattern.fullmatch(text)
            if found and language in translations:
                return translations[language].format_map(found.groupdict())
        return text

    def translated(self, body: Any, language: str) -> Any:  # noqa: ANN401 - any JSON
        """Return *body* with every sentence in it in *language*."""
        if isinstance(body, dict):
            return {name: self.translated(value, language) for name, value in body.items()}
        if isinstance(body, list):
            return [self.translated(value, language) for value in body]
        return self.say(body, language) if isinstance(body, str) else body


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.*?)", re.escape(text)), re.DOTALL)


class Interpreter:
    """Stands between an application and its server for one request."""

    def __init__(self, phrases: Phrasebook, scope: Scope, send: Send) -> None:
        """Note what the caller of *scope* wants to read."""
        self._phrases = phrases
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        """Pass on what is no error; hold an error back until it is whole."""
        if message["type"] == "http.response.start" and message["status"] >= ERRORS_FROM:
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        start, body = self._start, bytes(self._body)
        self._start = None
        if is_json(start["headers"]):
            start, body = self._told(start, body)
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    def _told(self, start: Message, body: bytes) -> tuple[Message, bytes]:
        wanted = preferred(", ".join(_values(self._scope["headers"], b"accept-language")))
        if wanted and body:
            body = orjson.dumps(self._phrases.translated(orjson.loads(body), wanted))
        # Not parsed for this alone: most errors are those of a rush, and ask for no language.
        language = wanted or ("uz" if body.startswith(REFUSAL) else "en")
        headers = [one for one in start["headers"] if not (body and one[0] == b"content-length")]
        if body:
            headers.append((b"content-length", str(len(body)).encode()))
        headers += [(b"content-language", language.encode()), (b"vary", b"Accept-Language")]
        return {**start, "headers": headers}, body


def is_json(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    """Tell whether these are the headers of JSON."""
    return (b"content-type", JSON) in headers


def _values(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> Iterator[str]:
    return (value.decode("latin-1") for key, value in headers if key == name)
