"""Clients that are generated from the document do a story with the running suite."""

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import pytest

from tests.e2e.running import PASSWORD, Running
from tests.house import tree

BUILD = tree.ROOT / "build/clients"
NO_INDEX = 75
EXAMPLES = tree.ROOT / "examples"
COMPILED = ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler", "--strict"]

pytestmark = pytest.mark.parametrize("running", ["sqlite"], indirect=True)


def make(language: str) -> None:
    """Generate a client; without a package index there is nothing to generate it with."""
    made = subprocess.run(
        [sys.executable, "-m", "scripts.clients.make", language],
        cwd=tree.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode == NO_INDEX:
        pytest.skip(made.stderr)
    assert made.returncode == 0, made.stderr


def result_of(command: list[str], **options: Any) -> Any:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


class TestGeneratedClients:
    def test_the_one_in_python_hands_an_exam_in(self, running: Running) -> None:
        make("python")

        result = result_of(
            [str(BUILD / "venv/bin/python"), "-W", "error", str(EXAMPLES / "exam.py"), running.url],
            input=f"{PASSWORD}\n",
            env={**os.environ, "PYTHONPATH": str(BUILD)},
        )

        assert (result["score"], result["exam_title"]) == (100.0, "1-hafta")

    @pytest.mark.skipif(shutil.which("npm") is None, reason="no npm on this machine")
    def test_the_one_in_typescript_hands_an_exam_in(self, running: Running) -> None:
        make("typescript")
        shutil.copy(EXAMPLES / "exam.ts", BUILD)
        compiler = str(BUILD / "node_modules/typescript/bin/tsc")
        node = shutil.which("node") or "node"
        subprocess.run([node, compiler, *COMPILED, "exam.ts"], cwd=BUILD, check=True)

        result = result_of([node, "exam.js", running.url, PASSWORD], cwd=BUILD)

        assert (result["score"], result["exam_title"]) == (100.0, "1-hafta")
