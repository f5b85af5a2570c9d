"""Which service answers which path, through the real Traefik."""

import json
import re

import pytest

from gateway.documents import SNAPSHOT
from gateway.tests.suite import Gateway

ROUTES = [
    ("auth", "login", "logout", "token/refresh", "me", "me/password", "users", "users/5"),
    ("exams", "subjects", "subjects/1", "exams", "exams/7", "exams/7/publish", "exams/enter-code"),
    ("results", "exam-results", "exam-results/my-results", "exam-results/5/answers/1"),
    ("messaging", "messages", "messages/5/retry"),
    ("worklogs", "work-logs", "work-logs/5", "attendance", "scores", "dashboard"),
]
PATHS = [(service, f"/api/v1/{path}") for service, *paths in ROUTES for path in paths]
DOCUMENTED = [
    (operation["tags"][0], method.upper(), re.sub(r"\{\w+\}", "7", path))
    for path, item in json.loads(SNAPSHOT.read_text())["paths"].items()
    for method, operation in item.items()
    if operation["tags"] != ["gateway"]
]
STRANGERS = [
    "/",
    "/api/v1/",
    "/api/v1/examsx",
    "/api/v1/examsx/",
    "/api/v1/exam-resultsx/",
    "/api/v1/token/",
    "/api/v1/usersx/5/",
    "/api/v2/exams/",
    "/exams/",
    "/internal/users/digest/",
    "/internal/exams/1/",
    "/health/",
    "/ready/",
    "/metrics",
    "/metrics/",
    "/api/v1/metrics/",
    "/api/v1/exams/../../../metrics",
    "/health",
    "/docs",
    "/openapi.json",
    "/errors/503",
    "/unavailable/x",
    "/.well-known/other",
    "/api/v1/exams/../../../internal/exams/1/",
    "/api/v1/exams/%2e%2e/%2e%2e/%2e%2e/health/",
]
SUBMIT = "/api/v1/exams/7/submit/"
HOSTILE = [
    "/api/v1/exams/7%2Fsubmit/",
    "/api/v1/exams/7%2fsubmit",
    "/api/v1/exams/7/submit%2f",
    "/api/v1/exams%2F7/",
    "/api/v1/exams/7%5Csubmit/",
    "/api/v1/exams/7%00/submit/",
    "/api/v1/exams/7/submit/%0d%0aX:1",
    "/api/v1/exams/..%2f..%2f..%2finternal/",
    "/api/v1/exams/..%5c..%5cusers/",
]


def is_not_found(gateway: Gateway, method: str, target: str) -> bool:
    answer = gateway.ask(method, target)
    return (answer.status, answer.body) == (404, b'{"detail":"Not found."}')


class TestRoutes:
    @pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "OPTIONS"])
    @pytest.mark.parametrize(("service", "path"), PATHS)
    def test_lead_both_slash_forms_to_their_service(
        self, gateway: Gateway, service: str, path: str, method: str
    ) -> None:
        for form in (path, f"{path}/"):
            answer = gateway.ask(method, form)

            assert answer.backend.removesuffix("-2") == service
            assert answer.json["target"] == form

    @pytest.mark.parametrize(("service", "method", "path"), DOCUMENTED)
    def test_lead_each_documented_operation_to_its_service(
        self, gateway: Gateway, service: str, method: str, path: str
    ) -> None:
        assert gateway.ask(method, path).backend.removesuffix("-2") == service

    def test_pass_the_query_as_it_is(self, gateway: Gateway) -> None:
        target = "/api/v1/exams/?search=%2F%00&limit=5"

        assert gateway.ask("GET", target).json["target"] == target

    def test_lead_the_keys_to_auth(self, gateway: Gateway) -> None:
        assert gateway.ask("GET", "/.well-known/jwks.json").backend == "auth"

    @pytest.mark.parametrize("method", ["BREW", "get", "A" * 300, "PROPFIND", "TRACE"])
    @pytest.mark.parametrize("target", ["/api/v1/exams/7/", SUBMIT, "/swdoc/", HOSTILE[0]])
    def test_know_no_other_verbs(self, gateway: Gateway, method: str, target: str) -> None:
        answer = gateway.ask(method, target)

        assert answer.status == 405
        assert answer.json == {"detail": 'Method "" not allowed.'}
        assert answer.headers["content-type"] == "application/json"
        assert "GET" in answer.headers["allow"]
        assert not any(backend.received for backend in gateway.backends)

    @pytest.mark.parametrize("target", STRANGERS)
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_lead_nowhere_else(self, gateway: Gateway, method: str, target: str) -> None:
        assert is_not_found(gateway, method, target)
        assert not any(backend.received for backend in gateway.backends)

    @pytest.mark.parametrize("target", HOSTILE)
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_refuse_what_is_hidden_in_escapes(
        self, gateway: Gateway, method: str, target: str
    ) -> None:
        assert is_not_found(gateway, method, target)
        assert not any(backend.received for backend in gateway.backends)


class TestSubmit:
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_goes_to_results_with_any_verb(self, gateway: Gateway, method: str) -> None:
        answer = gateway.ask(method, "/api/v1/exams/7/submit/")

        assert answer.backend.removesuffix("-2") == "results"

    @pytest.mark.parametrize(
        "target",
        [
            "/api/v1/exams/7/submit/",
            "/api/v1/exams/7/submit",
            "/api/v1/exams/99999999999999999999/submit/",
            "/api/v1/exams/abc/submit/",
            "/api/v1/exams/7/%73ubmit/",
            "/api/v1/exams/7/submit/?a=b",
            "/api/v1//exams/7/submit/",
            "/api/v1/exams/8/../7/submit/",
        ],
    )
    def test_goes_to_results(self, gateway: Gateway, target: str) -> None:
        answer = gateway.ask("POST", target, body=b"{}")

        assert answer.backend.removesuffix("-2") == "results"

    @pytest.mark.parametrize(
        ("method", "target"),
        [
            ("POST", "/api/v1/exams/7/submit/;a"),
            ("POST", "/api/v1/exams/7/submit/x/"),
            ("POST", "/api/v1/exams/7/submits/"),
            ("POST", "/api/v1/exams/7/8/submit/"),
            ("POST", "/api/v1/exams/submit/"),
            ("POST", "/api/v1/exams/7/submit%252f"),
        ],
    )
    def test_alone_leaves_exams(self, gateway: Gateway, method: str, target: str) -> None:
        assert gateway.ask(method, target).backend == "exams"

    def test_is_not_hidden_from_its_service_by_case(self, gateway: Gateway) -> None:
        assert is_not_found(gateway, "POST", "/API/v1/exams/7/submit/")


class TestErrorsOfTheGateway:
    @pytest.mark.parametrize(
        ("wanted", "detail", "language"),
        [("", "Not found.", "en"), ("uz, en;q=0.5", "Topilmadi.", "uz")],
    )
    def test_are_in_the_language_that_is_wanted(
        self, gateway: Gateway, wanted: str, detail: str, language: str
    ) -> None:
        headers = {"Accept-Language": wanted} if wanted else {}

        answer = gateway.ask("GET", "/nowhere/", headers=headers)

        assert (answer.status, answer.json) == (404, {"detail": detail})
        assert answer.headers["content-language"] == language
        assert "Accept-Language" in answer.headers["vary"]


class TestPages:
    @pytest.mark.parametrize(
        "path", ["/swdoc/", "/swdoc", "/redoc/", "/redoc", "/asyncdoc/", "/asyncdoc"]
    )
    def test_are_html(self, gateway: Gateway, path: str) -> None:
        answer = gateway.ask("GET", path)

        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert "default-src 'none'" in answer.headers["content-security-policy"]

    @pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/v1/asyncapi.json"])
    def test_show_documents(self, gateway: Gateway, path: str) -> None:
        answer = gateway.ask("GET", path)

        assert answer.status == 200
        assert answer.json["info"]["title"].startswith("HPA")

    def test_load_large_files_compressed(self, gateway: Gateway) -> None:
        path = "/swdoc/assets/swagger-ui-bundle.js"

        answer = gateway.ask("GET", path, headers={"Accept-Encoding": "gzip"})

        assert answer.headers["content-encoding"] == "gzip"

    def test_tell_the_health_of_all_services(self, gateway: Gateway) -> None:
        for path in ("/api/v1/health/", "/api/v1/health"):
            answer = gateway.ask("GET", path)

            assert answer.status == 200
            services = ("auth", "exams", "results", "messaging", "worklogs")
            assert answer.json == {"status": "ok", "services": dict.fromkeys(services, "ok")}

    def test_know_no_other_verb(self, gateway: Gateway) -> None:
        answer = gateway.ask("POST", "/api/v1/health/")

        assert answer.status == 405
        assert answer.json == {"detail": 'Method "POST" not allowed.'}
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
