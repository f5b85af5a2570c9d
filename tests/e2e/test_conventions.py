"""Every route answers every kind of mistake in the words its clients know, and in JSON."""

import json
import re
from typing import Any

import httpx2
import pytest

from tests.e2e.access import CALLERS, TABLE, Row
from tests.e2e.suite import NOBODY, PREFIX, Person, Suite
from tests.e2e.world import World

DETAIL = {
    401: "Authentication credentials were not provided.",
    403: "You do not have permission to perform this action.",
}
BAD_TOKEN = {
    "detail": "Given token not valid for any token type",
    "code": "token_not_valid",
    "messages": [
        {
            "token_class": "AccessToken",
            "token_type": "access",
            "message": "Token is invalid or expired",
        }
    ],
}
CLOSED = [row for row in TABLE if row.expected[0] == 401]
TAKING = list(
    {
        (row.method, row.path): row
        for row in TABLE
        if row.body != "nothing" and min(row.expected) < 300
    }.values()
)
JSON = [row for row in TAKING if not row.body.endswith("_file")]
WITH_ID = [row for row in TABLE if row.of == "absent"]
LISTS = [
    row for row in TABLE if row.method == "GET" and row.of == "none" and row.path.endswith("s/")
]
MALFORMED = [b"{", b'{"a": }', b"\xff\xfe", b'{"title": "\xed\xa0\x80"}', b'{"a": NaN}']
HOSTILE = [
    b"null",
    b"[]",
    b'"text"',
    b"17",
    b"{}",
    b'{"title": 1e999, "subject": 9223372036854775808, "score": -1e999, "code": 1.5}',
    b'{"title": "\\u0000", "username": "\\u0000", "name": "\\u0000", "text": "\\u0000"}',
    b'{"title": "\\ud800", "username": "\\ud800", "name": "\\ud800", "text": "\\ud800"}',
    b'{"questions": "no", "answers": {}, "recipient_ids": 5, "student": [], "date": 20260220}',
    b'{"questions": [1, null, {"options": [[]]}], "answers": [null, {"question_id": true}]}',
    b"[" * 5000 + b"]" * 5000,
]


def refusal(answer: httpx2.Response) -> str | None:
    """Say what is wrong with a refusal, None when it is one as the clients expect it."""
    told = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:200]}"
    if answer.status_code in {422, 500, 502, 504}:
        return told
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        return f"not JSON: {told}"
    return f"long: {told[:200]}" if len(answer.content) > 16_384 else None


def allowed(world: World, row: Row) -> Person:
    """Return somebody whom the row lets in."""
    place = next(place for place, code in enumerate(row.expected) if code < 300)
    return world.people[CALLERS[place]]


async def send(world: World, row: Row, **options: Any) -> httpx2.Response:
    """Send something to the row's route, as somebody who may use it."""
    path = row.url(await world.ids(row.of, row.path.count("{}"), fresh=False))
    return await allowed(world, row).ask(row.method, path, **options)


@pytest.mark.parametrize("row", CLOSED, ids=lambda row: row.name)
async def test_a_caller_without_a_valid_token_is_told_so(world: World, row: Row) -> None:
    path = row.url((NOBODY,) * row.path.count("{}"))
    forged = Person(world.suite.client, "eyJhbGciOiJub25lIn0.e30.")

    nobody = await world.suite.nobody.ask(row.method, path, {})
    bad = await forged.ask(row.method, path, {})

    assert (nobody.status_code, nobody.json()) == (401, {"detail": DETAIL[401]})
    assert nobody.headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert (bad.status_code, bad.json()) == (401, BAD_TOKEN)


@pytest.mark.parametrize("path", sorted({row.path for row in TABLE}))
async def test_a_wrong_verb_is_told_the_right_ones(world: World, path: str) -> None:
    verbs = {row.method for row in TABLE if row.path == path}
    url = path.replace("{}", str(NOBODY))

    for verb in {"GET", "POST", "PUT", "PATCH", "DELETE"} - verbs:
        answer = await world.people["owner"].ask(verb, url, {} if verb != "GET" else None)

        assert answer.status_code == 405, (verb, url, answer.text)
        assert answer.json() == {"detail": f'Method "{verb}" not allowed.'}
        assert verbs <= set(re.split(r",\s*", answer.headers["Allow"]))


@pytest.mark.parametrize("row", JSON, ids=lambda row: row.name)
class TestAJsonBody:
    async def test_that_is_no_json_is_a_parse_error(self, world: World, row: Row) -> None:
        for content in MALFORMED:
            answer = await send(
                world, row, content=content, headers={"Content-Type": "application/json"}
            )

            assert refusal(answer) is None
            assert answer.status_code == 400, (content, answer.text)
            assert answer.json()["detail"].startswith("JSON parse error - ")


@pytest.mark.parametrize("row", TAKING, ids=lambda row: row.name)
class TestABody:
    async def test_of_another_type_is_not_read(self, world: World, row: Row) -> None:
        answer = await send(
            world, row, content=b"<a/>", headers={"Content-Type": "application/xml"}
        )

        assert answer.status_code == 415
        assert answer.json() == {"detail": 'Unsupported media type "application/xml" in request.'}

    async def test_that_is_too_big_is_not_read(self, world: World, row: Row) -> None:
        content = json.dumps({"title": "x" * 1_048_576}).encode()

        answer = await send(
            world, row, content=content, headers={"Content-Type": "application/json"}
        )

        assert refusal(answer) is None
        assert answer.status_code == 413

    async def test_of_hostile_values_is_refused_and_not_echoed(
        self, world: World, row: Row
    ) -> None:
        answers = [
            await send(world, row, content=content, headers={"Content-Type": "application/json"})
            for content in HOSTILE
        ]

        assert not [refusal(answer) for answer in answers if refusal(answer)]


@pytest.mark.parametrize("row", WITH_ID, ids=lambda row: row.name)
async def test_an_id_that_cannot_be_is_absent(world: World, row: Row) -> None:
    body = await world.body(row.body)
    caller = world.people[CALLERS[row.expected.index(404)]]

    for one in ("0", "-1", "abc", "1.5", str(2**63), "9" * 400, "1e3", "%EF%BC%91", "%20"):
        answer = await caller.ask(row.method, row.path.replace("{}", one), body)

        assert refusal(answer) is None
        assert answer.status_code == 404, (one, answer.text)


@pytest.mark.parametrize("row", LISTS, ids=lambda row: row.name)
class TestAList:
    async def test_survives_hostile_parameters(self, world: World, row: Row) -> None:
        owner = world.people["owner"]
        for query in (
            "limit=-1", "limit=abc", "offset=99999999999999999999", "limit=0", "ordering=;drop",
            "ordering=password", "search=%00", "search=%ED%A0%80", "exam=9223372036854775808",
            "student=abc", "date_from=2026-13-45", "is_checked=maybe", "limit=1&limit=2", "role=x",
        ):  # fmt: skip
            answer = await owner.ask("GET", f"{row.path}?{query}")

            assert answer.status_code == 200 or refusal(answer) is None
            assert answer.status_code in {200, 400}

    async def test_is_bare_and_tells_its_length_with_a_limit(self, world: World, row: Row) -> None:
        owner = world.people["owner"]
        await world.ids("own_result", 1, fresh=True)
        await world.ids("message", 1, fresh=True)

        everything = await owner.ask("GET", row.path)
        page = await owner.ask("GET", f"{row.path}?limit=1&offset=0")

        assert "X-Total-Count" not in everything.headers
        assert int(page.headers["X-Total-Count"]) == len(everything.json())
        assert [row["id"] for row in page.json()] == [row["id"] for row in everything.json()[:1]]


class TestTheGateway:
    @pytest.mark.parametrize(
        "path", ["/nothing/", "/examsx/", "/exams/1/2/3/", "/internal/users/digest/", "/"]
    )
    async def test_answers_an_unknown_path_in_json(self, suite: Suite, path: str) -> None:
        answer = await (await suite.owner()).ask("GET", path)

        assert refusal(answer) is None
        assert answer.status_code == 404

    @pytest.mark.parametrize(
        "path", ["/internal/users/digest/", "/ready/", "/docs", "/openapi.json"]
    )
    async def test_shows_nothing_of_the_inside(self, suite: Suite, path: str) -> None:
        answer = await suite.client.get(path)

        assert refusal(answer) is None
        assert answer.status_code == 404

    async def test_never_redirects_to_the_last_slash(self, suite: Suite) -> None:
        answer = await (await suite.owner()).ask("GET", "/exams")

        assert answer.status_code == 200

    async def test_sets_the_headers_of_a_careful_server(self, suite: Suite) -> None:
        answer = await (await suite.owner()).ask("GET", "/exam-results/")

        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "X-Request-Id" in answer.headers
        assert not {"server", "x-powered-by"} & {name.lower() for name in answer.headers}

    async def test_serves_its_pages_without_foreign_hosts(self, suite: Suite) -> None:
        for path in ("/swdoc/", "/redoc/"):
            page = await suite.client.get(path)

            assert page.status_code == 200
            assert page.headers["Content-Type"].startswith("text/html")
            assert not re.findall(r'(?:src|href)="https?://', page.text)

    async def test_serves_the_keys(self, suite: Suite) -> None:
        keys = (await suite.client.get("/.well-known/jwks.json")).json()["keys"]

        assert keys
        assert all(set(key) <= {"kty", "crv", "x", "kid", "use", "alg"} for key in keys)

    async def test_serves_a_document_without_422(self, suite: Suite) -> None:
        document = await suite.client.get(f"{PREFIX}/openapi.json")

        assert document.json()["openapi"].startswith("3.1")
        assert '"422"' not in document.text
        assert "HTTPValidationError" not in document.text
