"""Users, passwords and signing keys, by whoever runs the suite, through auth's own command."""

import subprocess
import sys

from hpa.child import PYTHON
from hpa.known import Known
from hpa.processes import command_env


def create_user(
    known: Known,
    username: str,
    *,
    role: str,
    full_name: str,
    password: str | None = None,
    is_quiet: bool = False,
) -> int:
    """Create a user; without *password* one is made up and shown. Return auth's exit code."""
    words = ["create-user", username, "--role", role, "--full-name", full_name]
    return _ask_auth(known, words, password, is_quiet=is_quiet)


def set_password(known: Known, username: str, *, password: str | None = None) -> int:
    """Give a user another password; without *password* one is made up and shown."""
    return _ask_auth(known, ["set-password", username], password)


def rotate_keys(known: Known, *, are_leaked: bool) -> int:
    """Have tokens signed by a new key; with *are_leaked* at once, and all old tokens end."""
    return _ask_auth(known, ["rotate-keys", *(["--leaked"] if are_leaked else [])], None)


def read_password(*, is_piped: bool) -> str | None:
    """Return the line that came on standard input, if one was announced."""
    return sys.stdin.readline().rstrip("\r\n") if is_piped else None


def _ask_auth(
    known: Known, words: list[str], password: str | None, *, is_quiet: bool = False
) -> int:
    # On standard input, not on the command line: everybody can read that in the process list.
    extra = ["--stdin"] if password is not None else []
    return subprocess.run(
        [*PYTHON, "auth", *words, *extra],
        env=command_env(known.options, known.data, known.secrets, "auth"),
        input=f"{password}\n" if password is not None else "",
        stderr=subprocess.DEVNULL if is_quiet else None,
        text=True,
        check=False,
    ).returncode
