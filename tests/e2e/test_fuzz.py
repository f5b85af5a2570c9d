"""Schemathesis attacks each operation of the merged document as each role; `make fuzz`: longer."""

import asyncio
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.access import CALLERS
from tests.e2e.local import Processes
from tests.e2e.suite import PREFIX, Suite
from tests.e2e.world import World

HOOKS = Path(__file__).with_name("fuzz_hooks.py")
QUICK = ["--phases", "fuzzing", "--max-examples", "2", "--generation-deterministic"]
BOUNDARIES = ["--phases", "coverage", "--mode", "negative", "--generation-deterministic"]
"""Each way to break each description once, some 3000 requests; nothing refuses the owner before."""
NOT_CHECKED = ("positive_data_acceptance",)
"""The document cannot tell which exam is open or which user name is free."""
OF_PARAMETER = {
    "user_id": ("student", "employee"),
    "subject_id": ("subject",),
    "exam_id": ("published", "draft"),
    "message_id": ("message",),
    "attendance_id": ("own_attendance", "foreign_attendance"),
    "score_id": ("own_score", "foreign_score"),
    "work_log_id": ("work_log",),
}


async def real_ids(world: World) -> dict[str, list[int]]:
    """Return ids by the name of the parameter or the field of a body that takes them."""
    found = {
        name: [(await world.ids(kind, 1, fresh=True))[0] for kind in kinds]
        for name, kinds in OF_PARAMETER.items()
    }
    own = await world.ids("own_answer", 2, fresh=True)
    foreign = await world.ids("foreign_answer", 2, fresh=True)
    found["result_id"], found["answer_id"] = [list(both) for both in zip(own, foreign, strict=True)]
    exam = await world.exam()
    found["exam_id"].append(exam["id"])
    question = exam["questions"][0]
    found["question_id"], found["option_id"] = [question["id"]], [question["options"][0]["id"]]
    students = [world.people["student"].id, world.other.id]
    found |= {"student": students, "recipient_ids": students, "exam": found["exam_id"]}
    return found | {"subject": found["subject_id"]}


async def attack(
    suite: Suite, document: Any, caller: str, folder: Path, options: list[str]
) -> tuple[int, str]:
    """Run Schemathesis as *caller*; return its exit code and what it tells."""
    # From a file: what is loaded from the suite leaves out the operation that it came from.
    (folder / "document.json").write_text(json.dumps(document))
    world = await World.of(suite)
    token = world.people[caller].token
    command = ["run", "document.json", "--url", suite.running.url, "--no-color", "--no-shrink"]
    command += ["--exclude-checks", ",".join(NOT_CHECKED), "--warnings", "off"]
    command += ["--continue-on-failure", *options]
    command += ["--header", f"Authorization: Bearer {token}"] if token else []
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *command,
        cwd=folder,
        env={
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(folder),
            "SCHEMATHESIS_HOOKS": str(HOOKS),
            "HPA_FUZZ_IDS": json.dumps(await real_ids(world)),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await process.communicate()
    return int(process.returncode or 0), told.decode()


async def test_a_broken_description_is_found(stranger: Processes, tmp_path: Path) -> None:
    only = ["--include-path", f"{PREFIX}/me/", *QUICK]
    async with Suite(stranger) as suite:
        document = await suite.nobody.get("/openapi.json")
        document["components"]["schemas"]["UserOut"]["required"].append("planted")
        code, told = await attack(suite, document, "student", tmp_path, only)

    assert code == 1
    assert '"planted" is a required property' in told


@pytest.mark.parametrize("caller", CALLERS)
async def test_no_operation_breaks_its_description(
    stranger: Processes, caller: str, tmp_path: Path
) -> None:
    options = QUICK
    if seconds := os.environ.get("HPA_FUZZ_SECONDS"):
        seed = os.environ.get("HPA_FUZZ_SEED") or str(secrets.randbelow(2**32))
        print(f"\nfuzz seed {seed}")  # noqa: T201
        options = ["--max-time", seconds, "--seed", seed, "--generation-database", "none"]

    async with Suite(stranger) as suite:
        document = await suite.nobody.get("/openapi.json")
        code, told = await attack(suite, document, caller, tmp_path, options)

    count = sum(len(item) for item in document["paths"].values())
    assert f"Tested: {count}" in told, told
    assert code == 0, told


async def test_no_operation_takes_what_its_description_rules_out(
    stranger: Processes, tmp_path: Path
) -> None:
    async with Suite(stranger) as suite:
        document = await suite.nobody.get("/openapi.json")
        code, told = await attack(suite, document, "owner", tmp_path, BOUNDARIES)

    assert code == 0, told
