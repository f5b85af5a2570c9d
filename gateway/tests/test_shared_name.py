"""Where one name stands for all replicas of a service, as on Swarm, its health is not asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.tests.suite import Gateway, make_gateway
from gateway.tests.test_faults import is_unavailable


@pytest.fixture
def shared_name(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose replicas all say that they drain."""
    gateway = make_gateway(tmp_path)
    gateway.environment = {"REPLICAS_SHARE_A_NAME": "true"}
    for backend in gateway.backends:
        backend.mode = "drain"
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.close()


def test_one_replica_that_drains_does_not_close_its_service(shared_name: Gateway) -> None:
    answers = [shared_name.ask("GET", "/api/v1/messages/") for _ in range(20)]

    assert {answer.status for answer in answers} == {200}


def test_a_name_that_leads_nowhere_is_503_in_json(shared_name: Gateway) -> None:
    shared_name["messaging"].stop()

    for method in ("GET", "POST"):
        assert is_unavailable(shared_name.ask(method, "/api/v1/messages/"))
