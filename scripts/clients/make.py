"""Writes the clients into build/clients; what makes them is pinned beside this file."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
DOCUMENT: Final = ROOT / "gateway/src/gateway/openapi.json"
BUILD: Final = ROOT / "build/clients"
NO_INDEX: Final = (
    "NewConnectionError", "ConnectTimeoutError", "NameResolutionError",
    "ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "CERTIFICATE_VERIFY_FAILED", "CERT_IN_CHAIN",
)  # fmt: skip
"""What pip and npm say when no package index answers, or none that can be trusted."""
NO_INDEX_CODE: Final = 75
PATIENCE: Final = 240
"""Seconds for one command; an index that answers needs some ten."""


class IndexMissing(Exception):
    """No package index can be reached."""


def make_python() -> Path:
    """Write the package `hpa_client`; return where it is. Raises `IndexMissing`."""
    environment = BUILD / "venv"
    lock = HERE / "requirements.lock"
    python = str(environment / "bin/python")
    _run(sys.executable, "-m", "venv", str(environment))
    # By pip, as the Makefile installs: whoever set it up to find its packages need not do so twice.
    options = ("--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement")
    _run(python, "-m", "pip", "install", *options, str(lock))
    _run(
        str(environment / "bin/openapi-python-client"),
        *("generate", "--fail-on-warning", "--overwrite", "--meta", "none"),
        *("--path", str(DOCUMENT), "--output-path", str(BUILD / "hpa_client")),
        first=environment / "bin",
    )
    return BUILD / "hpa_client"


def make_typescript() -> Path:
    """Write `hpa.d.ts`; return where it is. Raises `IndexMissing`."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, BUILD)
    quietly = ("--prefer-offline", "--no-audit", "--no-fund", "--prefix", str(BUILD))
    _run(_found("npm"), "ci", *quietly)
    script = BUILD / "node_modules/openapi-typescript/bin/cli.js"
    # A field with a default need not be sent.
    options = ["--default-non-nullable=false", "--output", str(BUILD / "hpa.d.ts")]
    _run(_found("node"), str(script), str(DOCUMENT), *options)
    return BUILD / "hpa.d.ts"


def _found(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        message = f"{program} is not installed"
        raise FileNotFoundError(message)
    return found


def _run(*command: str, first: Path | None = None) -> None:
    """Run a command, with *first* in front of the path."""
    path = os.environ["PATH"] if first is None else f"{first}{os.pathsep}{os.environ['PATH']}"
    # npm trusts the machine's own authorities, too, as pip does, not only those that Node brings.
    environment = {**os.environ, "PATH": path, "NODE_OPTIONS": "--use-openssl-ca"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        message = f"{Path(command[0]).name} was still waiting after {PATIENCE} s"
        raise IndexMissing(message) from None
    if done.returncode:
        told = done.stdout + done.stderr
        if any(sign in told for sign in NO_INDEX):
            raise IndexMissing(told[-500:])
        message = f"{Path(command[0]).name} failed: {told[-2000:]}"
        raise RuntimeError(message)


def main(wanted: Sequence[str]) -> int:
    """Write the clients for the languages that are *wanted*, for all when none is named."""
    try:
        for language in wanted or MAKERS:
            print(MAKERS[language]())
    except IndexMissing as missing:
        print(f"no package index answers: {missing}", file=sys.stderr)
        return NO_INDEX_CODE
    return 0


MAKERS: Final[dict[str, Callable[[], Path]]] = {
    "python": make_python,
    "typescript": make_typescript,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
