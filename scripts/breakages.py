"""Replay the deliberate breakages: each test is green in a copy, and red in a broken one."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from shared.testing import postgres
from tests.faults.breakages import BREAKAGES, Breakage
from tests.house import tree

PYTEST = Path(sys.executable).with_name("pytest")
GREEN, RED = 0, 1
"""How pytest ends when all tests passed, and when one failed; the rest is a fault of the replay."""
SECONDS = 300


def copied(target: Path) -> Path:
    """Copy the files of the project, so that nothing here is ever broken."""
    for path in tree.files():
        place = target / path.relative_to(tree.ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)
    return target


def run(root: Path, *tests: str) -> tuple[int, str]:
    """Run tests of the copy, which import the packages of the copy; return how that ended."""
    sources = [*root.glob("*/src"), *root.glob("*/*/src")]
    done = subprocess.run(
        [PYTEST, "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *tests],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources))},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def replay(root: Path, breakage: Breakage) -> bool:
    """Break one thing, tell what its test says, and mend it; return whether the test was red."""
    path = root / breakage.path
    whole, broken = path.read_text(), breakage.broken(root)
    path.write_text(broken)
    try:
        code, told = run(root, breakage.test)
    finally:
        path.write_text(whole)
    reason = next(iter(re.findall(r"^E +(.+)$", told, re.MULTILINE)), "")
    verdict = "red" if code == RED else f"NOT RED (pytest ended with {code})"
    print(f"{verdict:4} {breakage.name}: {reason[:120]}", flush=True)
    return code == RED


def main(wanted: str) -> int:
    """Replay all breakages, or those whose name holds *wanted*."""
    chosen = [each for each in BREAKAGES if wanted in each.name]
    server = None
    if postgres.VARIABLE not in os.environ:  # one for all: starting one takes a second
        server = postgres.PostgresServer()
        os.environ[postgres.VARIABLE] = server.url
    try:
        with tempfile.TemporaryDirectory(prefix="hpa-breakages-") as folder:
            root = copied(Path(folder))
            code, told = run(root, *sorted({each.test for each in chosen}))
            if code != GREEN:
                print(f"not green before anything was broken:\n{told[-2000:]}")
                return 1
            missed = [each.name for each in chosen if not replay(root, each)]
    finally:
        if server:
            server.stop()
    print(f"{len(chosen) - len(missed)} of {len(chosen)} breakages were seen")
    return 1 if missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
