"""`make new-service` lays out a service that keeps every rule of the house at once."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import tree

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project that has a further service."""
    root = tmp_path_factory.mktemp("project")
    for path in tree.files():
        copy = root / path.relative_to(tree.ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    run(tree.ROOT, sys.executable, "scripts/new_service.py", "rooms", "--root", str(root))
    run(root, "git", "init", "--quiet")
    return root


def run(folder: Path, *command: str) -> str:
    """Run a command in the copy, which comes before the installed packages."""
    packages = [str(path) for path in sorted(folder.glob("*/src")) + sorted(folder.glob("*/*/src"))]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(packages)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class TestANewService:
    def test_needs_no_fix_of_style(self, project: Path) -> None:
        run(project, str(BIN / "ruff"), "check", "services/rooms")

    def test_imports_only_downwards(self, project: Path) -> None:
        run(project, str(BIN / "lint-imports"), "--no-cache")

    def test_is_in_every_register(self, project: Path) -> None:
        tests = "tests/house/test_registration.py"

        run(
            project, str(BIN / "pytest"), "-q", tests, "-k", "rooms or register or tool or contract"
        )

    def test_passes_its_own_tests(self, project: Path) -> None:
        run(project, str(BIN / "pytest"), "-q", "services/rooms")
