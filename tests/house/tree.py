"""Which files the rules look at: those that git tracks or would track."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVICES = tuple(sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml")))


@cache
def files() -> tuple[Path, ...]:
    """Return every file of the project, without what .gitignore names."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],  # noqa: S607 - git is wherever PATH says
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    paths = sorted({ROOT / name for name in listing.stdout.split("\0") if name})
    return tuple(path for path in paths if path.is_file())


def modules() -> list[Path]:
    """Return every Python module of the project."""
    return [path for path in files() if path.suffix == ".py"]


def sources() -> list[Path]:
    """Return the modules that run in production."""
    return [path for path in modules() if "src" in path.relative_to(ROOT).parts]


def name(path: Path) -> str:
    """Return the path as people write it, from the root of the project."""
    return path.relative_to(ROOT).as_posix()


def is_test(path: Path) -> bool:
    """Say whether the module belongs to a test folder."""
    return "tests" in path.relative_to(ROOT).parts
