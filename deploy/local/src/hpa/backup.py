"""`hpa backup`: databases, keys and secrets in one folder, all of the same moment."""

import asyncio
import hashlib
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from hpa.console import step
from hpa.errors import Refused
from hpa.known import Known
from hpa.options import SERVICES
from hpa.paths import PRIVATE_DIR, PRIVATE_FILE, read_json, write_json
from hpa.snapshot import copy_databases, require_sound

MANIFEST: Final = "manifest.json"
FORM: Final = 1
ENDINGS: Final = {"sqlite": "sqlite3", "postgresql": "dump"}


def make_backup(known: Known, folder: Path, *, now: datetime) -> dict[str, Any]:
    """
    Write a backup to *folder*, which must be empty or absent, and return its manifest.

    The suite may run. The manifest comes last: a folder without one is no backup. Raises `Refused`.
    """
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} is not empty: name a new folder"
        raise Refused(message)
    folder.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    folder.chmod(PRIVATE_DIR)
    kind = kind_of(known)
    (folder / "db").mkdir(mode=PRIVATE_DIR)
    files = {service: folder / "db" / f"{service}.{ENDINGS[kind]}" for service in SERVICES}
    step(f"copying the databases of {', '.join(SERVICES)}")
    if kind == "sqlite":
        copy_databases({service: known.data.sqlite(service) for service in SERVICES}, files)
        for service, path in files.items():
            step(f"checking the copy of {service}")
            require_sound(path)
    else:
        from hpa.pg_backup import dump_databases  # noqa: PLC0415 - its driver

        asyncio.run(dump_databases(known.secrets.database_urls, files))
    shutil.copytree(known.data.keys, folder / "keys", dirs_exist_ok=True)
    shutil.copyfile(known.data.secrets, folder / "secrets.json")
    for path in _files(folder):
        path.chmod(PRIVATE_FILE)
    manifest = {
        "form": FORM,
        "kind": kind,
        "made_at": now.isoformat().replace("+00:00", "Z"),
        "suite": known.secrets.suite,
        "files": {path.relative_to(folder).as_posix(): digest(path) for path in _files(folder)},
    }
    write_json(folder / MANIFEST, manifest)
    return manifest


def read_backup(folder: Path) -> dict[str, Any]:
    """Return the manifest of a whole and undamaged backup. Raises `Refused` on any other."""
    manifest = read_json(folder / MANIFEST)
    if manifest.get("form") != FORM:
        message = f"{folder} is no finished backup: it has no {MANIFEST} of form {FORM}"
        raise Refused(message)
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file() or digest(path) != expected:
            message = f"the backup is damaged: {name}"
            raise Refused(message)
    return manifest


def kind_of(known: Known) -> str:
    """Say where the suite keeps its data: `sqlite` or `postgresql`."""
    is_sqlite = known.secrets.database_urls["auth"].startswith("sqlite")
    return "sqlite" if is_sqlite else "postgresql"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
