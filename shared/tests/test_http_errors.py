"""Every kind of refusal has the status, body and headers of DRF; none echoes what was sent."""

from typing import Any

import httpx2
import pytest

from shared.errors import Unavailable
from shared.testing.tokens import TokenFactory

THINGS = "/api/v1/things/"
GOOD = {"title": "a", "owner": 1, "day": "2026-02-20"}
JSON = {"Content-Type": "application/json"}
NO_TOKEN = {"detail": "Authentication credentials were not provided."}
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
FORBIDDEN = {"detail": "You do not have permission to perform this action."}
NO_THING = {"detail": "No Thing matches the given query."}


class TestUnavailable:
    def test_does_not_call_all_back_in_the_same_second(self) -> None:
        assert {Unavailable().retry_after for _ in range(100)} == {1, 2, 3}


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "status", "body", "headers"),
        [
            ("refused", 400, {"error": "Ushbu narsa yopiq."}, {}),
            ("conflict", 409, {"detail": "Still in progress."}, {}),
            (
                "throttled",
                429,
                {"detail": "Request was throttled. Expected available in 30 seconds."},
                {"retry-after": "30"},
            ),
            (
                "unavailable",
                503,
                {"detail": "Service temporarily unavailable, try again later."},
                {"retry-after": "1"},
            ),
            (
                "invalid",
                400,
                {"subject": ['Invalid pk "999" - object does not exist.']},
                {},
            ),
        ],
    )
    async def test_have_the_words_of_drf(
        self,
        client: httpx2.AsyncClient,
        kind: str,
        status: int,
        body: dict[str, Any],
        headers: dict[str, str],
    ) -> None:
        answer = await client.get(f"{THINGS}refusals/{kind}/")

        assert (answer.status_code, answer.json()) == (status, body)
        assert headers.items() <= dict(answer.headers).items()

    async def test_a_fault_is_json_and_tells_nothing(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(f"{THINGS}fault/")

        assert answer.status_code == 500
        assert answer.json() == {"detail": "A server error occurred."}
        assert answer.headers["x-request-id"]

    @pytest.mark.parametrize("request_seconds", [0.5])
    async def test_what_takes_too_long_is_503(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(f"{THINGS}slow/")

        assert answer.status_code == 503
        assert answer.headers["retry-after"] in {"1", "2", "3"}


class TestTheOrderOfChecks:
    async def test_no_token_comes_before_everything(self, client: httpx2.AsyncClient) -> None:
        answer = await client.put(f"{THINGS}x/", content=b"{", headers={"Content-Type": "text/x"})

        assert (answer.status_code, answer.json()) == (401, NO_TOKEN)
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'

    async def test_a_bad_token_is_told_from_none(self, client: httpx2.AsyncClient) -> None:
        answer = await client.get(THINGS, headers={"Authorization": "Bearer x.y.z"})

        assert (answer.status_code, answer.json()) == (401, BAD_TOKEN)
        assert answer.headers["www-authenticate"] == 'Bearer realm="api"'

    @pytest.mark.parametrize(
        "case",
        [
            ("student", "x/", "text/x", 403, FORBIDDEN),
            ("owner", "x/", "text/x", 404, NO_THING),
            ("owner", "2/", "text/x", 404, NO_THING),
            (
                "owner",
                "1/",
                "application/xml; charset=utf-8",
                415,
                {"detail": 'Unsupported media type "application/xml" in request.'},
            ),
            ("owner", "1/", "application/json", 400, {"owner": ["This field is required."]}),
        ],
        ids=["403", "404 for no id", "404 for nothing there", "415", "400"],
    )
    async def test_is_403_404_415_400(
        self,
        client: httpx2.AsyncClient,
        tokens: TokenFactory,
        case: tuple[str, str, str, int, dict[str, Any]],
    ) -> None:
        role, path, content_type, status, expected = case
        headers = {**tokens.headers(role=role), "Content-Type": content_type}
        body = b'{"title": "a", "day": "2026-02-20"}'

        answer = await client.put(THINGS + path, content=body, headers=headers)

        assert (answer.status_code, answer.json()) == (status, expected)

    @pytest.mark.parametrize(
        "bad", ["0", "-1", "abc", "9223372036854775808", "1e3", "٣", "%00", "1.0", "9" * 5000]
    )
    async def test_what_is_no_id_is_absent(
        self, client: httpx2.AsyncClient, tokens: TokenFactory, bad: str
    ) -> None:
        answer = await client.get(f"{THINGS}{bad}/", headers=tokens.headers())

        assert (answer.status_code, answer.json()) == (404, NO_THING)

    async def test_the_largest_id_is_one(
        self, client: httpx2.AsyncClient, tokens: TokenFactory
    ) -> None:
        answer = await client.get(f"{THINGS}{2**63 - 1}/", headers=tokens.headers())

        assert answer.json() == {"id": 2**63 - 1}


class TestRouting:
    @pytest.mark.parametrize("path", ["/", "/api", "/api/v1/thingsx/", "/api/v1/things//"])
    async def test_an_unknown_path_is_404(self, client: httpx2.AsyncClient, path: str) -> None:
        answer = await client.get(path)

        assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})

    async def test_a_wrong_verb_is_405_with_every_verb_of_the_path(
        self, client: httpx2.AsyncClient
    ) -> None:
        answer = await client.post(f"{THINGS}5/")

        assert (answer.status_code, answer.json()) == (
            405,
            {"detail": 'Method "POST" not allowed.'},
        )
        assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"

    async def test_an_invented_verb_is_not_repeated(self, client: httpx2.AsyncClient) -> None:
        answer = await client.request("SCRIPT", THINGS)

        assert (answer.status_code, answer.json()) == (405, {"detail": 'Method "" not allowed.'})

    async def test_options_tells_the_verbs(self, client: httpx2.AsyncClient) -> None:
        answer = await client.options(THINGS)

        assert answer.status_code == 200
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"

    @pytest.mark.parametrize("path", ["/api/v1/things/open", "/api/v1/things/open/"])
    async def test_both_slash_forms_answer_without_a_redirect(
        self, client: httpx2.AsyncClient, path: str
    ) -> None:
        answer = await client.get(path)

        assert (answer.status_code, answer.json()) == (200, {"open": True})

    async def test_head_is_get_without_its_body(self, client: httpx2.AsyncClient) -> None:
        answer = await client.head(f"{THINGS}open/")

        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["content-length"] == "13"

    async def test_a_document_has_no_slash_form(self, client: httpx2.AsyncClient) -> None:
        assert (await client.get("/openapi.json")).status_code == 200
        assert (await client.get("/openapi.json/")).status_code == 404

    @pytest.mark.parametrize("path", ["me%2F", "%2Fopen/", "open%2f"])
    async def test_an_encoded_slash_is_no_slash(
        self, client: httpx2.AsyncClient, path: str
    ) -> None:
        assert (await client.get(THINGS + path)).status_code == 404
