"""The suites of `tests/e2e`, and the means to hurt them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.e2e import fixtures
from tests.e2e.containers import Containers
from tests.e2e.local import Processes
from tests.e2e.running import Running
from tests.e2e.suite import Suite
from tests.faults.checker import bad_manners
from tests.faults.faults import Faults
from tests.faults.history import History
from tests.faults.on_containers import ContainerFaults
from tests.faults.on_processes import ProcessFaults


def pytest_configure(config: pytest.Config) -> None:
    """Share the suites with `tests/e2e`: two fixtures would start two of each kind."""
    if not config.pluginmanager.has_plugin(fixtures.NAME):
        config.pluginmanager.register(fixtures, fixtures.NAME)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """Return the history of the test, in which nobody was told an error but an honest 503."""
    made = History()
    yield made
    made.write(tmp_path / "history.jsonl")  # of a test that failed it stays in its folder
    assert not bad_manners(made.events)


@pytest.fixture
async def suite(running: Running, history: History) -> AsyncIterator[Suite]:
    """Return the running suite, of which every request goes into the history."""
    async with Suite(running, note=history.exchanged) as suite:
        yield suite


@pytest.fixture
def faults(running: Running, history: History) -> Iterator[Faults]:
    """Return the means to hurt the running suite; what a test hurts is healed after it."""
    made: Faults
    if isinstance(running, Containers):
        made = ContainerFaults(running, history)
    else:
        assert isinstance(running, Processes)
        made = ProcessFaults(running, history)
    yield made
    made.heal()
