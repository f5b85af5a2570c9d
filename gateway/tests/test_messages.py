"""What the gateway does to requests and answers on their way."""

import http.client
import json
import re
import socket
import struct

import pytest

from gateway.tests.backends import Reply
from gateway.tests.suite import GUARD_SECONDS, Answer, Gateway

MIB = 1024 * 1024
WRITES = ["/api/v1/exams/7/submit/", "/api/v1/exams/", "/api/v1/messages/", "/api/v1/login/"]
TOO_LARGE = {"detail": "Request body too large."}


def raw(gateway: Gateway, request: bytes) -> Answer:
    """Send bytes, not more, and read the answer."""
    with socket.create_connection(("127.0.0.1", gateway.web), timeout=GUARD_SECONDS) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


class TestBodies:
    @pytest.mark.parametrize("path", WRITES)
    def test_of_one_mib_pass(self, gateway: Gateway, path: str) -> None:
        answer = gateway.ask("POST", path, body=b"x" * MIB)

        assert answer.status == 200
        received = [one for each in gateway.backends for one in each.received]
        assert [len(one.body) for one in received] == [MIB]

    @pytest.mark.parametrize("path", WRITES)
    def test_over_one_mib_are_413_in_json(self, gateway: Gateway, path: str) -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {MIB + 1}\r\n\r\n"

        answer = raw(gateway, head.encode())

        assert (answer.status, answer.json) == (413, TOO_LARGE)
        assert not any(backend.received for backend in gateway.backends)

    def test_of_unknown_length_are_413_all_the_same(self, gateway: Gateway) -> None:
        answer = gateway.ask("POST", WRITES[0], body=(b"x" * 65536 for _ in range(17)))

        assert (answer.status, answer.json) == (413, TOO_LARGE)
        assert not any(backend.received for backend in gateway.backends)

    def test_that_do_not_arrive_are_cut(self, gateway: Gateway) -> None:
        answer = raw(
            gateway, b"POST /api/v1/messages/ HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{"
        )

        # Its connection is cut; Traefik asks nobody for a body of this answer any more.
        assert answer.status == 408
        assert not gateway["messaging"].received

    def test_larger_than_the_limit_come_back_whole(self, gateway: Gateway) -> None:
        gateway["exams"].reply = Reply(body=json.dumps(["x" * 100] * 40_000).encode())

        answer = gateway.ask("GET", "/api/v1/exams/")

        assert len(answer.body) > 3 * MIB
        assert answer.headers["content-length"] == str(len(answer.body))


class TestCompression:
    @pytest.mark.parametrize(("size", "encoding"), [(4_000, None), (40_000, "gzip")])
    def test_is_for_long_answers(self, gateway: Gateway, size: int, encoding: str | None) -> None:
        gateway["exams"].reply = Reply(body=b'"' + b"x" * size + b'"')

        answer = gateway.ask("GET", "/api/v1/exams/", headers={"Accept-Encoding": "gzip, br"})

        assert answer.headers.get("content-encoding") == encoding

    def test_is_only_for_those_who_ask(self, gateway: Gateway) -> None:
        gateway["exams"].reply = Reply(body=b'"' + b"x" * 40_000 + b'"')

        assert "content-encoding" not in gateway.ask("GET", "/api/v1/exams/").headers


class TestRequestHeaders:
    @pytest.mark.parametrize(
        "name",
        ["X-User-Id", "x-user-id", "X-User-Role", "X-User-Name", "X-User-Username", "Forwarded"],
    )
    def test_that_claim_an_identity_are_dropped(self, gateway: Gateway, name: str) -> None:
        gateway.ask("POST", "/api/v1/exams/", headers={name: "forged"})

        assert "forged" not in str(gateway["exams"].received[0].headers)

    @pytest.mark.parametrize(
        "name",
        [
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Forwarded-Prefix",
            "X-Real-Ip",
        ],
    )
    def test_of_proxies_are_not_taken_from_strangers(self, gateway: Gateway, name: str) -> None:
        gateway.ask("GET", "/api/v1/exams/", headers={name: "6.6.6.6"})

        received = gateway["exams"].received[0].headers
        assert "6.6.6.6" not in str(received)
        assert received["x-forwarded-for"] == "127.0.0.1"

    def test_of_identity_cannot_be_dropped_by_connection(self, gateway: Gateway) -> None:
        gateway.ask(
            "GET",
            "/api/v1/exams/",
            headers={"Connection": "Authorization, X-Forwarded-For", "Authorization": "Bearer x"},
        )

        assert "x-forwarded-for" in gateway["exams"].received[0].headers

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-Request-Id", "abc-123"),
            ("Idempotency-Key", "k-1"),
            ("Authorization", "Bearer x.y.z"),
            ("If-None-Match", '"v1"'),
            ("Host", "academy.uz"),
        ],
    )
    def test_that_services_need_pass(self, gateway: Gateway, name: str, value: str) -> None:
        gateway.ask("POST", "/api/v1/exams/7/submit/", headers={name: value}, body=b"{}")

        received = [one for each in gateway.replicas["results"] for one in each.received]
        assert received[0].headers[name.lower()] == value

    def test_of_some_size_are_refused(self, gateway: Gateway) -> None:
        answer = gateway.ask("GET", "/api/v1/exams/", headers={"X-Long": "x" * 40_000})

        assert answer.status == 431
        assert not gateway["exams"].received


class TestAnswerHeaders:
    def test_tell_nothing_about_the_server(self, gateway: Gateway) -> None:
        gateway["exams"].reply = Reply(headers={"X-Powered-By": "x"})

        for path in ("/api/v1/exams/", "/nowhere/", "/api/v1/health/", "/swdoc/"):
            assert not {"server", "x-powered-by"} & set(gateway.ask("GET", path).headers)

    @pytest.mark.parametrize("path", ["/api/v1/exams/", "/nowhere/", "/swdoc/", "/api/v1/health/"])
    def test_are_careful(self, gateway: Gateway, path: str) -> None:
        headers = gateway.ask("GET", path).headers

        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"

    @pytest.mark.parametrize("name", ["Location", "Link", "X-Total-Count", "Idempotency-Replayed"])
    def test_of_services_pass(self, gateway: Gateway, name: str) -> None:
        gateway["messaging"].reply = Reply(headers={name: "value"})

        assert gateway.ask("GET", "/api/v1/messages/").headers[name.lower()] == "value"

    def test_of_errors_carry_the_id_of_the_request(self, gateway: Gateway) -> None:
        answer = gateway.ask("GET", "/nowhere/", headers={"X-Request-Id": "abc-123"})

        assert answer.headers["x-request-id"] == "abc-123"
        assert answer.headers["cache-control"] == "no-store"


class TestAccessLog:
    def test_holds_no_path_query_token_or_cookie(self, failing: Gateway) -> None:
        failing["exams"].stop()
        for _ in range(80):  # written in blocks
            failing.ask(
                "GET",
                "/api/v1/exams/?search=findme",
                headers={"Authorization": "Bearer findme", "Cookie": "a=findme"},
            )

        log = (failing.folder / "access.log").read_text()
        assert '"DownstreamStatus":503' in log
        assert not re.search("findme|uthorization|ookie", log)


class TestConnections:
    def test_that_end_in_the_middle_of_a_body_reach_nobody(self, gateway: Gateway) -> None:
        connection = socket.create_connection(("127.0.0.1", gateway.web))
        connection.sendall(
            b"POST /api/v1/messages/ HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{"
        )
        # Closed by a reset, not by a polite end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

        assert gateway.ask("GET", "/api/v1/messages/").status == 200
        assert [one.method for one in gateway["messaging"].received] == ["GET"]
