"""What the tests of the hpa command share: suites of tiny children, and folders for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.tests.academy import Academy, copy_academy, make_academy
from deploy.local.tests.tiny import StartTiny, TinySuite
from hpa.paths import DataDir


@pytest.fixture(params=["exec", "fork"])
def way(request: pytest.FixtureRequest) -> str:
    """Return how a supervisor starts its children."""
    return str(request.param)


@pytest.fixture
def tiny(tmp_path: Path, way: str) -> Iterator[StartTiny]:
    """Return a function that starts a tiny suite, which ends with the test."""
    started: list[TinySuite] = []

    def start(*, is_refused: bool = False, stop_seconds: float = 1, **children: str) -> TinySuite:
        suite = TinySuite(tmp_path / "data", way, stop_seconds=stop_seconds, **children)
        started.append(suite)
        if not is_refused:
            suite.wait_until_started()
        return suite

    yield start
    for suite in started:
        suite.close()


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    """Return an empty data directory."""
    data = DataDir(tmp_path / "hpa")
    data.make()
    return data


@pytest.fixture(scope="session")
def academy_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the five databases of an academy."""
    folder = tmp_path_factory.mktemp("academy")
    make_academy(folder)
    return folder


@pytest.fixture
def academy(academy_template: Path, data: DataDir) -> Academy:
    """Return a small academy in the data directory, with no fault in it."""
    return copy_academy(academy_template, data.databases)
