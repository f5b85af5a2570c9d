"""The language of errors: what is negotiated, what is translated, and what never changes."""

import json
from typing import Any

import pytest
from starlette.types import Message, Scope

from shared.http.language import LANGUAGES, Interpreter, Phrasebook, preferred
from shared.http.texts import TEXTS

PHRASES = Phrasebook(
    {
        "Closed.": {"ru": "Закрыто.", "uz": "Yopiq."},
        "Yo'q.": {"ru": "Нет.", "en": "No."},
        "At most {most} of {names}.": {"ru": "{names}: до {most}."},
    }
)


class TestPreferred:
    @pytest.mark.parametrize(
        ("header", "language"),
        [
            ("", None),
            ("*", None),
            ("de, fr;q=0.9", None),
            ("ru", "ru"),
            ("RU-ru", "ru"),
            ("uz-Latn-UZ", "uz"),
            ("de, en;q=0.2", "en"),
            ("ru;q=0.5, en;q=0.7, uz;q=0.6", "en"),
            ("ru, en", "ru"),
            ("ru;q=0", None),
            ("ru;q=0, en;q=0.1", "en"),
            ("ru ; q = 0.3 , uz ;q=0.4", "uz"),
            ("ru;q=x, uz;q=0.1", "uz"),
            ("russian", None),
            ("en;q=9, ru", "en"),
            (", , ;q=1, ru", "ru"),
            ("x," * 5000 + "ru", None),
            ("\x00\xff", None),
        ],
        ids=lambda value: str(value)[:40] or "nothing",
    )
    def test_is_what_is_wanted_most_of_what_we_speak(
        self, header: str, language: str | None
    ) -> None:
        assert preferred(header) == language


class TestPhrasebook:
    def test_says_sentences_with_what_stands_in_them(self) -> None:
        assert PHRASES.say("At most 5 of a, b.", "ru") == "a, b: до 5."

    def test_leaves_alone_what_it_does_not_know(self) -> None:
        assert PHRASES.say("At most 5 of a, b.", "uz") == "At most 5 of a, b."
        assert PHRASES.say("token_not_valid", "ru") == "token_not_valid"

    def test_puts_nothing_into_what_stands_in_a_sentence(self) -> None:
        assert PHRASES.say("At most {most} of {0.__class__}.", "ru") == "{0.__class__}: до {most}."

    @pytest.mark.parametrize("language", ["uz", "ru"])
    def test_of_the_suite_has_every_sentence_with_all_its_places(self, language: str) -> None:
        for text, others in TEXTS.items():
            places = [part.partition("}")[0] for part in text.split("{")[1:]]
            told = [part.partition("}")[0] for part in others[language].split("{")[1:]]
            assert sorted(told) == sorted(places), text


async def interpreted(
    body: Any, *, status: int = 400, header: str | None = None, kind: str = "application/json"
) -> tuple[dict[str, str], Any]:
    """Send an answer through an interpreter; return its headers and its body."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    wanted = [] if header is None else [(b"accept-language", header.encode())]
    scope: Scope = {"type": "http", "headers": wanted}
    raw = json.dumps(body).encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(raw)).encode())]
    interpreter = Interpreter(PHRASES, scope, send)
    await interpreter.send({"type": "http.response.start", "status": status, "headers": headers})
    half = len(raw) // 2
    await interpreter.send({"type": "http.response.body", "body": raw[:half], "more_body": True})
    await interpreter.send({"type": "http.response.body", "body": raw[half:]})
    content = b"".join(message.get("body", b"") for message in sent)
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    assert found["content-length"] == str(len(content))
    return found, json.loads(content)


class TestInterpreter:
    @pytest.mark.parametrize(
        ("header", "text", "language"),
        [
            (None, "Yo'q.", "uz"),
            ("uz", "Yo'q.", "uz"),
            ("ru", "Нет.", "ru"),
            ("en", "No.", "en"),
            ("de", "Yo'q.", "uz"),
        ],
    )
    async def test_says_refusals_in_uzbek_unless_another_language_is_wanted(
        self, header: str | None, text: str, language: str
    ) -> None:
        headers, body = await interpreted({"error": "Yo'q."}, header=header)

        assert body == {"error": text}
        assert headers["content-language"] == language
        assert headers["vary"] == "Accept-Language"

    @pytest.mark.parametrize(
        ("header", "text", "language"),
        [(None, "Closed.", "en"), ("en", "Closed.", "en"), ("uz", "Yopiq.", "uz")],
    )
    async def test_says_the_rest_in_english_unless_another_language_is_wanted(
        self, header: str | None, text: str, language: str
    ) -> None:
        headers, body = await interpreted({"detail": "Closed."}, header=header)

        assert (body, headers["content-language"]) == ({"detail": text}, language)

    async def test_changes_no_name_no_code_and_no_shape(self) -> None:
        error = {"Closed.": [{}, {"a": ["Closed."]}], "code": "token_not_valid", "n": [1, None]}

        _, body = await interpreted(error, header="uz")

        assert body == error | {"Closed.": [{}, {"a": ["Yopiq."]}]}

    async def test_leaves_successes_alone(self) -> None:
        headers, body = await interpreted({"detail": "Closed."}, status=200, header="ru")

        assert body == {"detail": "Closed."}
        assert "vary" not in headers

    async def test_leaves_alone_what_is_no_json(self) -> None:
        _, body = await interpreted({"detail": "Closed."}, header="ru", kind="text/plain")

        assert body == {"detail": "Closed."}


def test_the_languages_are_those_of_the_academy() -> None:
    assert LANGUAGES == ("uz", "ru", "en")
