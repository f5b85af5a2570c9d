"""What the tests of the hpa command share: suites of tiny children, and folders for them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.tests.academy import Academy, make_academy, make_empty
from deploy.local.tests.tiny import StartTiny, TinySuite
from hpa.paths import DataDir


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[StartTiny]:
    """Return a function that starts a tiny suite, which ends with the test."""
    started: list[TinySuite] = []

    def start(*, is_refused: bool = False, **children: str) -> TinySuite:
        suite = TinySuite(tmp_path / "data", **children)
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
def empty_databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the five databases, migrated and empty."""
    folder = tmp_path_factory.mktemp("empty")
    make_empty(folder)
    return folder


@pytest.fixture
def academy(empty_databases: Path, data: DataDir) -> Academy:
    """Return a small academy in the data directory, with no fault in it."""
    return make_academy(empty_databases, data.databases)
