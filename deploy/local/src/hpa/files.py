"""`hpa import` and `hpa export`: files in and out through the API, as whoever logs in."""

import asyncio
import getpass
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hpa.api import Api, Person
from hpa.console import paint
from hpa.errors import Refused
from hpa.known import Known

FORMATS: Final = (".csv", ".xlsx")
PATHS: Final = {"users": "/users/import/", "exam": "/exams/import/"}


@dataclass(frozen=True)
class FileForm:
    """What is imported: users or an exam, the file, and the exam's own fields."""

    kind: str
    file: Path
    fields: Mapping[str, str]


def import_file(known: Known, caller: str, form: FileForm, *, is_dry: bool, as_json: bool) -> int:
    """
    Import a file and print what became of its rows; the exit code is 1 when some are wrong.

    Raises `Refused` when the file cannot be read or the API takes it as a whole for wrong.
    """
    content = _read(form.file)
    path = PATHS[form.kind] + ("?dry_run=true" if is_dry else "")

    async def send(person: Person) -> Any:  # noqa: ANN401 - JSON
        return await person.send_file(path, form.file.name, content, form.fields)

    report = asyncio.run(_as_caller(known, caller, send))
    if "rows" not in report:
        raise Refused(json.dumps(report, ensure_ascii=False))
    if as_json:
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _tell(report)
    return 1 if report["failed"] else 0


def export_results(known: Known, file: Path, *, query: Mapping[str, str], caller: str) -> int:
    """Write results to *file*, whose ending says as what. Raises `Refused`."""
    if file.suffix not in FORMATS:
        message = f"{file} must end in {' or '.join(FORMATS)}"
        raise Refused(message)
    wanted = {**query, "format": file.suffix.removeprefix(".")}

    async def fetch(person: Person) -> bytes:
        return await person.fetch("/exam-results/export/", wanted)

    content = asyncio.run(_as_caller(known, caller, fetch))
    file.write_bytes(content)
    print(f"{len(content)} bytes are in {file}")
    return 0


async def _as_caller(known: Known, username: str, work: Any) -> Any:  # noqa: ANN401 - what *work* returns
    stack = known.stack()
    if stack is None:
        message = "the suite does not run: start it with `hpa up`"
        raise Refused(message)
    async with Api(stack["gateway"]["url"]) as api:
        return await work(await api.login(username, _password(known, username)))


def _password(known: Known, username: str) -> str:
    """Return the password: the owner's from the environment, else as it is typed or piped."""
    own = known.options.owner_password
    if own is not None and username == known.options.owner_username:
        return own.get_secret_value()
    if sys.stdin.isatty():
        return getpass.getpass(f"Password of {username}: ")
    return sys.stdin.readline().rstrip("\r\n")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        message = f"{file}: {error.strerror}"
        raise Refused(message) from None


def _tell(report: Mapping[str, Any]) -> None:
    for row in report["rows"]:
        if row["status"] == "failed":
            print(paint(f"row {row['row']}", "red"), json.dumps(row["errors"], ensure_ascii=False))
    made = "would be created" if report["dry_run"] else "created"
    print(f"{report['created']} {made}, {report['skipped']} skipped, {report['failed']} wrong")
