"""One running gateway for all tests that need it, whole again before each."""

from collections.abc import Iterator

import pytest

from gateway.tests.suite import Gateway, make_gateway


@pytest.fixture(scope="session")
def running_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    gateway = make_gateway(tmp_path_factory.mktemp("gateway"))
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.close()


@pytest.fixture
def gateway(running_gateway: Gateway) -> Gateway:
    for backend in running_gateway.backends:
        backend.reset()
    return running_gateway


@pytest.fixture
def failing(gateway: Gateway) -> Iterator[Gateway]:
    """The gateway for tests that break things; all is mended afterwards."""
    yield gateway
    gateway.heal()
