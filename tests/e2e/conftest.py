"""The suites of `fixtures.py`, and the people of the stories."""

import pytest

from tests.e2e import fixtures
from tests.e2e.suite import Suite
from tests.e2e.world import World


def pytest_configure(config: pytest.Config) -> None:
    """Share the suites with `tests/faults`: two fixtures would start two of each kind."""
    if not config.pluginmanager.has_plugin(fixtures.NAME):
        config.pluginmanager.register(fixtures, fixtures.NAME)


@pytest.fixture
async def world(suite: Suite) -> World:
    """Return people of each role, and one more student, to whom foreign things belong."""
    return await World.of(suite)
