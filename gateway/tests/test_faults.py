"""What clients get while a part is down, frozen, full or going away."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.tests.backends import Backend, Reply
from gateway.tests.suite import READS, Answer, Gateway
from shared.testing.processes import wait_until

BROKEN = {"detail": "Service temporarily unavailable, try again later."}
SUBMIT = "/api/v1/exams/7/submit/"


def is_unavailable(answer: Answer) -> bool:
    return (
        answer.status == 503
        and answer.headers["content-type"] == "application/json"
        and answer.json == BROKEN
        and re.fullmatch("[1-3]", answer.headers["retry-after"]) is not None
    )


class TestDeadService:
    @pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
    def test_answers_503_in_json_with_retry_after(self, failing: Gateway, method: str) -> None:
        failing["messaging"].stop()

        assert is_unavailable(failing.ask(method, "/api/v1/messages/5/"))

    def test_answers_the_same_once_its_health_check_fails(self, failing: Gateway) -> None:
        failing["messaging"].stop()
        failing["auth"].mode = "drain"

        wait_until(
            lambda: is_unavailable(failing.ask("GET", "/api/v1/users/")),
            seconds=15,
            what="a service without a healthy replica",
        )
        for method in ("GET", "POST"):
            assert is_unavailable(failing.ask(method, "/api/v1/users/"))
            assert is_unavailable(failing.ask(method, "/api/v1/messages/"))

    def test_leaves_the_others_alone(self, failing: Gateway) -> None:
        failing["exams"].stop()

        assert is_unavailable(failing.ask("GET", "/api/v1/exams/"))
        assert failing.ask("POST", SUBMIT).status == 200
        assert failing.ask("POST", "/api/v1/login/").status == 200

    def test_is_named_by_the_health_of_the_suite(self, failing: Gateway) -> None:
        failing["worklogs"].stop()

        wait_until(
            lambda: failing.ask("GET", "/api/v1/health/").status == 503, seconds=5, what="health"
        )
        health = failing.ask("GET", "/api/v1/health/").json
        assert health["status"] == "error"
        assert health["services"] == {
            "auth": "ok",
            "exams": "ok",
            "results": "ok",
            "messaging": "ok",
            "worklogs": "down",
        }

    def test_works_again_when_it_is_back(self, failing: Gateway) -> None:
        failing["exams"].stop()
        assert is_unavailable(failing.ask("GET", "/api/v1/exams/"))

        failing["exams"].start()

        wait_until(
            lambda: failing.ask("GET", "/api/v1/exams/").status == 200, seconds=10, what="exams"
        )


class TestFrozenService:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_answers_503_instead_of_nothing(self, failing: Gateway, method: str) -> None:
        failing["worklogs"].mode = "freeze"

        assert is_unavailable(failing.ask(method, "/api/v1/attendance/", body=b"{}"))

    def test_is_asked_no_more_than_once(self, failing: Gateway) -> None:
        failing["worklogs"].mode = "freeze"

        assert is_unavailable(failing.ask("POST", "/api/v1/scores/", body=b"{}"))

        assert len(failing["worklogs"].received) <= 1


class TestRetry:
    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_never_repeats_a_write_that_was_received(self, failing: Gateway, method: str) -> None:
        failing["exams"].mode = "drop"

        answer = failing.ask(method, "/api/v1/exams/7/", body=b'{"title": "x"}')

        assert is_unavailable(answer)
        assert len(failing["exams"].received) == 1

    def test_never_repeats_a_submit_that_was_received(self, failing: Gateway) -> None:
        for replica in failing.replicas["results"]:
            replica.mode = "drop"

        answer = failing.ask("POST", SUBMIT, body=b'{"answers": []}')

        assert is_unavailable(answer)
        assert sum(len(replica.received) for replica in failing.replicas["results"]) == 1

    def test_goes_on_to_the_next_replica_when_one_refuses(self, failing: Gateway) -> None:
        failing.replicas["results"][0].stop()

        answers = [failing.ask("POST", SUBMIT, body=b"{}") for _ in range(10)]

        assert {answer.status for answer in answers} == {200}
        assert {answer.backend for answer in answers} == {"results-2"}

    def test_keeps_the_body(self, failing: Gateway) -> None:
        failing.replicas["results"][0].stop()
        body = b'{"answers": [1, 2, 3]}'

        for _ in range(4):
            failing.ask("POST", SUBMIT, body=body)

        assert [one.body for one in failing.replicas["results"][1].received] == [body] * 4


class TestReplicas:
    def test_share_the_work(self, gateway: Gateway) -> None:
        answers = [gateway.ask("POST", SUBMIT, body=b"{}") for _ in range(8)]

        assert {answer.backend for answer in answers} == {"results", "results-2"}

    def test_that_drain_get_no_more_work_and_lose_none(self, failing: Gateway) -> None:
        leaving, staying = failing.replicas["results"]
        leaving.mode = "drain"

        def rest() -> bool:
            before = len(leaving.received)
            answers = [failing.ask("POST", SUBMIT, body=b"{}") for _ in range(6)]
            assert {answer.status for answer in answers} == {200}
            return len(leaving.received) == before

        wait_until(rest, seconds=15, what="all work goes to the other replica")
        leaving.stop()
        assert failing.ask("POST", SUBMIT, body=b"{}").backend == staying.name


class TestOverload:
    """Reads in flight are limited to a few in these tests."""

    def test_beyond_the_limit_is_503_in_json(self, failing: Gateway) -> None:
        answers = self.fill(failing, "worklogs", "/api/v1/dashboard/")

        assert is_unavailable(answers[0])

    def test_has_one_limit_for_all_senders(self, failing: Gateway) -> None:
        backend = failing["messaging"]
        answers = self.fill(
            failing, "messaging", "/api/v1/messages/", hosts=[f"h{n}.uz" for n in range(READS + 1)]
        )

        assert is_unavailable(answers[0])
        assert len(backend.received) == READS

    def test_of_reads_leaves_writes_alone(self, failing: Gateway) -> None:
        done = self.fill(failing, "messaging", "/api/v1/messages/", then="POST")

        assert done[1].status == 200

    def fill(
        self,
        gateway: Gateway,
        service: str,
        path: str,
        *,
        hosts: list[str] | None = None,
        then: str = "GET",
    ) -> list[Answer]:
        """Fill the reads of *service*; return what comes after: a read, then *then*."""
        backend = gateway[service]
        names = hosts or ["h.uz"] * (READS + 1)
        backend.mode = "freeze"
        with ThreadPoolExecutor(READS) as pool:
            held = [
                pool.submit(gateway.ask, "GET", path, headers={"Host": host})
                for host in names[:READS]
            ]
            wait_until(lambda: len(backend.received) == READS, seconds=10, what="a full service")
            one_more = gateway.ask("GET", path, headers={"Host": names[READS]})
            backend.mode = "answer"
            after = gateway.ask(then, path)
            threading.Thread(target=backend.stop).start()
            assert all(one.result().status == 503 for one in held)
        return [one_more, after]


class TestWhatServicesSay:
    @pytest.mark.parametrize(
        ("status", "path"),
        [
            (503, "/api/v1/exams/7/"),
            (503, "/api/v1/login/"),
            (503, SUBMIT),
            (429, "/api/v1/login/"),
            (429, "/api/v1/exams/enter-code/"),
            (409, SUBMIT),
            (400, SUBMIT),
            (500, "/api/v1/messages/"),
        ],
    )
    def test_passes_unchanged(self, gateway: Gateway, status: int, path: str) -> None:
        body = b'{"detail":"as the service says"}'
        for backend in gateway.backends:
            backend.reply = Reply(status, {"Retry-After": "27"}, body)

        answer = gateway.ask("POST", path, body=b"{}")

        assert (answer.status, answer.body) == (status, body)
        assert answer.headers["retry-after"] == "27"

    def test_in_lists_passes_unchanged(self, gateway: Gateway) -> None:
        gateway["exams"].reply = Reply(503, {"Retry-After": "27"}, b'{"detail":"full"}')

        answer = gateway.ask("GET", "/api/v1/exams/")

        assert (answer.status, answer.headers["retry-after"]) == (503, "27")


class TestDocumentServiceDown:
    def test_harms_no_other_service_and_hangs_nobody(self, failing: Gateway) -> None:
        failing.stop_documents()
        failing["messaging"].stop()
        try:
            assert failing.ask("POST", SUBMIT, body=b"{}").status == 200
            assert failing.ask("GET", "/api/v1/exams/").status == 200
            assert failing.ask("GET", "/api/v1/messages/").status == 503
            assert failing.ask("GET", "/api/v1/openapi.json").status in (502, 503)
        finally:
            failing.start_documents()
            wait_until(failing.documents_are_found, seconds=15, what="an error has a page again")
        assert failing.ask("GET", "/api/v1/openapi.json").status == 200


def test_backends_keep_health_checks_apart(gateway: Gateway) -> None:
    found: list[Backend] = gateway.backends

    assert not any(one.target == "/health/" for each in found for one in each.received)
