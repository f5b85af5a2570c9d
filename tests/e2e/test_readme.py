"""The story that the README tells: pasted by somebody who has nothing but a shell."""

import json
import re
import shutil
import subprocess

import pytest

from tests.e2e.running import OWNER, PASSWORD, Running
from tests.house import tree

BASH = shutil.which("bash") or "/bin/bash"
README = (tree.ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STORY = BLOCK.findall(README.partition("## A story in curl")[2].partition("\n## ")[0])


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
def test_the_story_in_curl_ends_with_a_result(running: Running) -> None:
    script = "\n".join(STORY).replace("http://127.0.0.1:8000", running.url)
    assert f'"username": "{OWNER}"' in script

    told = subprocess.run(
        [BASH, "-e", "-c", script],
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    published, user, result = map(json.loads, told.stdout.splitlines())
    assert published == {"status": "Test nashr etildi"}
    assert (result["student"], result["score"]) == (user["id"], 100.0)
