"""Clients that are generated from the document do a story with the running suite."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.testing.waiting import eventually
from tests.e2e.running import PASSWORD, Running
from tests.e2e.suite import Suite
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


class TestTheJournal:
    async def test_of_the_examples_makes_a_day_of_work(self, suite: Suite, tmp_path: Path) -> None:
        teacher, student = await suite.sign_up("employee"), await suite.known("student")
        stack = tmp_path / "stack.json"
        stack.write_text(json.dumps({"nats": {"url": suite.running.nats_url("journal")}}))
        await teacher.post("/scores/", {"student": student.id, "value": 90})

        journal = [sys.executable, str(EXAMPLES / "journal.py"), str(stack)]
        told = await asyncio.create_subprocess_exec(
            *journal, str(teacher.id), str(student.id), stdout=asyncio.subprocess.PIPE
        )
        output, _ = await told.communicate()

        assert b"holds it" in output
        await eventually(
            lambda: teacher.get(f"/work-logs/?employee={teacher.id}"),
            until=lambda logs: bool(logs) and logs[0]["status"] is True,
        )
