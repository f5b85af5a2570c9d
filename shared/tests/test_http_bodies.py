"""Bodies: DRF's sentences for what is wrong, 400 for whatever a hostile client writes."""

import json
from typing import Any

import httpx2
import orjson
import pytest

from shared.testing.tokens import TokenFactory

THINGS = "/api/v1/things/"
GOOD: dict[str, Any] = {"title": "a", "owner": 1, "day": "2026-02-20"}
REQUIRED = ["This field is required."]
NULL = ["This field may not be null."]
INTEGER = ["A valid integer is required."]
NUMBER = ["A valid number is required."]
DAY = ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]
CANARY = "canary-7f3a"


async def create(client: httpx2.AsyncClient, tokens: TokenFactory, body: Any) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {**tokens.headers(), "Content-Type": "application/json"}
    return await client.post(THINGS, content=content, headers=headers)


class TestFieldErrors:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"title": None}, {"title": NULL}),
            ({"title": ""}, {"title": ["This field may not be blank."]}),
            ({"title": "  \t"}, {"title": ["This field may not be blank."]}),
            ({"title": 5}, {"title": ["Not a valid string."]}),
            ({"title": ["x"]}, {"title": ["Not a valid string."]}),
            ({"title": True}, {"title": ["Not a valid string."]}),
            (
                {"title": "x" * 51},
                {"title": ["Ensure this field has no more than 50 characters."]},
            ),
            ({"title": "a\x00b"}, {"title": ["Null characters are not allowed."]}),
            ({"note": "a\x00b"}, {"note": ["Null characters are not allowed."]}),
            (
                {"note": "x" * 101},
                {"note": ["Ensure this field has no more than 100 characters."]},
            ),
            ({"owner": "1"}, {"owner": INTEGER}),
            ({"owner": True}, {"owner": INTEGER}),
            ({"owner": 1.0}, {"owner": INTEGER}),
            ({"owner": None}, {"owner": NULL}),
            ({"owner": {}}, {"owner": INTEGER}),
            ({"owner": 0}, {"owner": ["Ensure this value is greater than or equal to 1."]}),
            (
                {"owner": 2**63},
                {"owner": ["Ensure this value is less than or equal to 9223372036854775807."]},
            ),
            ({"owner": 2**70}, {"owner": INTEGER}),
            ({"owner": -(2**70)}, {"owner": INTEGER}),
            ({"weight": "1"}, {"weight": NUMBER}),
            ({"weight": True}, {"weight": NUMBER}),
            (
                {"weight": 100.5},
                {"weight": ["Ensure this value is less than or equal to 100."]},
            ),
            ({"weight": -1}, {"weight": ["Ensure this value is greater than or equal to 0."]}),
            ({"is_new": "true"}, {"is_new": ["Must be a valid boolean."]}),
            ({"is_new": 1}, {"is_new": ["Must be a valid boolean."]}),
            ({"day": "2026-2-20"}, {"day": DAY}),
            ({"day": "2026-02-30"}, {"day": DAY}),
            ({"day": "20260220"}, {"day": DAY}),
            ({"day": "2026-02-20T00:00:00"}, {"day": DAY}),
            ({"day": 1771545600}, {"day": DAY}),
            ({"day": None}, {"day": NULL}),
            ({"tags": {}}, {"tags": ['Expected a list of items but got type "dict".']}),
            ({"tags": [1, "x", 2, None]}, {"tags": [*INTEGER, *NULL]}),
            (
                {"tags": list(range(1, 1002))},
                {"tags": ["Ensure this field has no more than 1000 elements."]},
            ),
        ],
    )
    async def test_have_the_sentences_of_drf(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        changes: dict[str, Any],
        expected: dict[str, Any],
    ) -> None:
        answer = await create(client, tokens, {**GOOD, **changes})

        assert (answer.status_code, answer.json()) == (400, expected)

    async def test_name_all_that_is_missing(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await create(client, tokens, {})

        assert answer.json() == {"title": REQUIRED, "owner": REQUIRED, "day": REQUIRED}

    async def test_mirror_nested_lists_with_empty_objects_for_good_items(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        good = {"text": "x"}
        pieces = [
            good,
            {"text": "y", "parts": [{"text": "z", "is_good": True}, {"text": ""}]},
            {"text": "y", "parts": {}},
            7,
            good,
        ]

        answer = await create(client, tokens, {**GOOD, "pieces": pieces})

        assert answer.json() == {
            "pieces": [
                {},
                {
                    "parts": [
                        {},
                        {"text": ["This field may not be blank."], "is_good": REQUIRED},
                    ]
                },
                {"parts": ['Expected a list of items but got type "dict".']},
                {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]},
                {},
            ]
        }

    @pytest.mark.parametrize(
        ("body", "kind"),
        [(b"[]", "list"), (b'"x"', "str"), (b"5", "int"), (b"true", "bool"), (b"1.5", "float")],
    )
    async def test_name_the_type_of_what_is_no_object(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, body: bytes, kind: str
    ) -> None:
        answer = await create(client, tokens, body)

        expected = [f"Invalid data. Expected a dictionary, but got {kind}."]
        assert (answer.status_code, answer.json()) == (400, {"non_field_errors": expected})

    async def test_null_for_the_whole_body_is_null(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await create(client, tokens, b"null")

        assert (answer.status_code, answer.json()) == (400, {"non_field_errors": NULL})

    async def test_stay_under_16_kib(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        pieces = [{"text": "x", "parts": [{} for _ in range(20)]} for _ in range(300)]

        answer = await create(client, tokens, {**GOOD, "pieces": pieces})

        assert answer.status_code == 400
        assert len(answer.content) <= 16 * 1024
        assert answer.json()["pieces"][0]["parts"][0]["text"] == REQUIRED

    @pytest.mark.parametrize(
        "body",
        [
            {CANARY: 1},
            {**GOOD, "title": {CANARY: CANARY}},
            {**GOOD, "owner": CANARY},
            {**GOOD, "day": CANARY},
            {**GOOD, "weight": CANARY, "is_new": CANARY, "tags": [CANARY], "pieces": [CANARY]},
            f'{{"title": "{CANARY}'.encode(),
            f'{{"title": {CANARY}}}'.encode(),
            f'{{"{CANARY}": NaN}}'.encode(),
        ],
    )
    async def test_never_echo_the_input(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, body: Any
    ) -> None:
        answer = await create(client, tokens, body)

        assert answer.status_code == 400
        assert CANARY not in answer.text


class TestGoodBodies:
    async def test_are_trimmed_where_they_are_titles_and_nowhere_else(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await create(client, tokens, {**GOOD, "title": " a ", "note": " b "})

        assert answer.status_code == 201
        assert (answer.json()["title"], answer.json()["note"]) == ("a", " b ")

    async def test_lose_what_is_not_declared(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await create(client, tokens, {**GOOD, "id": 99, "role": "owner", "a\x00": 1})

        assert answer.status_code == 201
        assert answer.json() == {
            **GOOD,
            "id": 1,
            "note": None,
            "weight": 0.0,
            "place": 0,
            "is_new": True,
            "tags": [],
            "pieces": [],
        }

    async def test_the_last_of_doubled_keys_counts(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        doubled = b'{"title": "a", "title": "b", "owner": 1, "day": "2026-02-20"}'

        assert (await create(client, tokens, doubled)).json()["title"] == "b"

    async def test_patch_takes_any_field_and_tells_which_came(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await client.patch(
            f"{THINGS}7/", json={"owner": 3, "x": 1}, headers=tokens.headers()
        )

        assert answer.json() == {"id": 7, "owner": 3}

    async def test_patch_checks_what_came(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await client.patch(
            f"{THINGS}7/",
            json={"owner": None, "title": " ", "pieces": [{}]},
            headers=tokens.headers(),
        )

        assert answer.json() == {
            "owner": NULL,
            "title": ["This field may not be blank."],
            "pieces": [{"text": REQUIRED}],
        }

    async def test_an_empty_body_is_an_empty_object(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        assert (await create(client, tokens, b"")).json() == {
            "title": REQUIRED,
            "owner": REQUIRED,
            "day": REQUIRED,
        }


class TestOneOrMany:
    async def test_takes_one_and_takes_an_array(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        part = {"text": "a", "is_good": True}
        one = await client.post(f"{THINGS}many/", json=part, headers=tokens.headers())
        two = await client.post(f"{THINGS}many/", json=[part, part], headers=tokens.headers())

        assert (one.json(), two.json()) == ("one", 2)

    async def test_errors_stand_at_the_place_of_their_item(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        part = {"text": "a", "is_good": True}
        answer = await client.post(f"{THINGS}many/", json=[part, {}], headers=tokens.headers())

        assert answer.json() == [{}, {"text": REQUIRED, "is_good": REQUIRED}]

    async def test_too_many_are_refused_at_once(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await client.post(f"{THINGS}many/", json=[{}] * 4, headers=tokens.headers())

        assert answer.json() == {
            "non_field_errors": ["Ensure this field has no more than 3 elements."]
        }


class TestHostileJson:
    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"",
            b"nul",
            b"\xef\xbb\xbf{}",
            b"\xff\xfe{\x00}\x00",
            b'{"title": "\xff"}',
            b'{"title": "\xed\xa0\x80"}',
            b'{"title": "\\ud800", "owner": 1, "day": "2026-02-20"}',
            b'{"title": "a", "owner": NaN, "day": "2026-02-20"}',
            b'{"title": "a", "owner": 1, "day": "2026-02-20", "weight": NaN}',
            b'{"title": "a", "owner": 1, "day": "2026-02-20", "weight": 1e999}',
            b'{"title": "a", "owner": 1, "day": "2026-02-20", "weight": -Infinity}',
            b'{"title": "a", "owner": 1e999, "day": "2026-02-20"}',
            b'{"title": "a", "owner": 1, "day": "2026-02-20", "unknown": NaN}',
            b'{"title": "a", "owner": ' + b"9" * 5000 + b', "day": "2026-02-20"}',
            b'{"title": "a", "owner": 1.5e300, "day": "2026-02-20"}',
            b"[" * 100_000,
            b"[" * 100_000 + b"]" * 100_000,
            b'{"title":' * 50_000 + b"1" + b"}" * 50_000,
            b'{"title": "a", "owner": 1, "day": "2026-02-20", "x": '
            + b"[" * 5000
            + b"]" * 5000
            + b"}",
            b"{'title': 'a'}",
            b'{"title": "a",}',
            b"\x00",
        ],
    )
    async def test_is_400_and_never_500(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, body: bytes
    ) -> None:
        answer = await create(client, tokens, body)

        assert answer.status_code == 400
        assert len(answer.content) <= 16 * 1024

    async def test_malformed_json_says_so(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await create(client, tokens, b"{x")

        assert answer.json()["detail"].startswith("JSON parse error - ")

    @pytest.mark.parametrize(
        ("content_type", "shown"),
        [
            (None, ""),
            ("text/plain", "text/plain"),
            ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded"),
            ("multipart/form-data; boundary=x", "multipart/form-data"),
            ("<script>", ""),
            ("application/" + "x" * 9000, "application/" + "x" * 60),
        ],
    )
    async def test_what_is_not_declared_as_json_is_415(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        content_type: str | None,
        shown: str,
    ) -> None:
        headers = tokens.headers()
        if content_type is not None:
            headers["Content-Type"] = content_type

        answer = await client.post(THINGS, content=b"{}", headers=headers)

        assert answer.status_code == 415
        assert answer.json() == {"detail": f'Unsupported media type "{shown}" in request.'}

    async def test_a_charset_is_no_reason_to_refuse(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        headers = {**tokens.headers(), "Content-Type": "Application/JSON; charset=utf-8"}

        answer = await client.post(THINGS, content=orjson.dumps(GOOD), headers=headers)

        assert answer.status_code == 201
