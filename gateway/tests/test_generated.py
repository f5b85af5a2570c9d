"""What is generated from the code says what the code says."""

import subprocess
import sys

from gateway.tests.suite import FOLDER


def test_the_generated_documents_are_fresh() -> None:
    script = FOLDER.parent / "scripts" / "build_documents.py"

    check = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )

    assert check.returncode == 0, check.stderr
