"""The hpa command: its words, and what each calls."""

import argparse
import json
import os
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from hpa.console import paint
from hpa.errors import Refused
from hpa.options import SERVICES, Options, read_options
from hpa.words import help_of, overview

Command = Callable[[argparse.Namespace, Options], int]

PRIVATE_UMASK: Final = 0o077
INTERRUPTED: Final = 130
REQUIRED: Final = ("title", "subject", "date")
EXAM_FIELDS: Final = (*REQUIRED, "description", "time_limit")
RESULT_FILTERS: Final = ("exam", "student", "is_checked", "date_from", "date_to", "search")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what it refuses is said in one sentence."""
    parsed = _parser().parse_args(arguments)
    command: Command = parsed.command
    os.umask(PRIVATE_UMASK)
    # A core would hold every key and password of the process that died, for good.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        return command(parsed, read_options())
    except Refused as refusal:
        print(paint(f"hpa: {refusal}", "red", sys.stderr), file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(**overview())
    words = parser.add_subparsers(required=True, metavar="command")
    _add_running(words)
    _add_people(words)
    _add_events(words)
    _add_keeping(words)
    _add_files(words)
    return parser


class Words(Protocol):
    """What argparse calls the object that commands are added to; it has no public name."""

    def add_parser(self, name: str, **explained: Any) -> argparse.ArgumentParser:  # noqa: ANN401
        """Add a command."""


def _word(words: Words, name: str, text: str) -> argparse.ArgumentParser:
    return words.add_parser(name, **help_of(name, text))


def _add_running(words: Words) -> None:
    up = _word(words, "up", "start the suite in the foreground")
    up.add_argument("--leash", action="store_true", help="end when the parent process ends")
    up.set_defaults(command=_up)

    status = _word(words, "status", "show which parts run and are ready")
    status.add_argument("--json", action="store_true")
    status.set_defaults(command=_status)

    logs = _word(words, "logs", "show the end of the logs")
    logs.add_argument("process", nargs="?", help="one process; else all of them")
    logs.add_argument("-f", "--follow", action="store_true", help="go on with what is added")
    logs.set_defaults(command=_logs)


def _add_people(words: Words) -> None:
    user = _word(words, "user", "create users and set passwords")
    what = user.add_subparsers(required=True, metavar="what")
    create = _word(what, "create", "create a user")
    create.add_argument("--role", choices=("owner", "employee", "student"), default="student")
    create.add_argument("--full-name", default="")
    create.set_defaults(command=_create_user)
    change = _word(what, "set-password", "give a user another password")
    change.set_defaults(command=_set_password)
    for one in (create, change):
        one.add_argument("username")
        one.add_argument(
            "--stdin", action="store_true", help="read the password; else one is made up and shown"
        )

    keys = _word(words, "rotate-keys", "have tokens signed by a new key")
    keys.add_argument("--leaked", action="store_true", help="at once, and end all old tokens")
    keys.set_defaults(command=_rotate_keys)

    demo = _word(words, "demo", "fill the suite with a believable academy")
    demo.add_argument("--json", action="store_true", help="print who was made as JSON")
    demo.set_defaults(command=_demo)


def _add_events(words: Words) -> None:
    events = _word(words, "events", "events that could not be handled")
    what = events.add_subparsers(required=True, metavar="what")
    failed = _word(what, "failed", "list them")
    failed.add_argument("--json", action="store_true")
    failed.set_defaults(command=_failed)
    replay = _word(what, "replay", "have them handled again")
    replay.add_argument("--id", type=int, help="only this one (with --service)")
    replay.set_defaults(command=_replay)
    for one in (failed, replay):
        one.add_argument("--service", choices=SERVICES, help="only those of one service")


def _add_keeping(words: Words) -> None:
    fsck = _word(words, "fsck", "check the promises across the databases, and print JSON")
    fsck.add_argument(
        "--wait",
        type=float,
        default=15.0,
        metavar="SECONDS",
        help="how long events may be under way while the suite runs (15)",
    )
    fsck.set_defaults(command=_fsck)

    backup = _word(words, "backup", "write databases, keys and secrets to a new folder")
    backup.set_defaults(command=_backup)
    restore = _word(words, "restore", "put a backup in place of what is there")
    restore.set_defaults(command=_restore)
    for one in (backup, restore):
        one.add_argument("folder", type=Path)
        one.add_argument("--json", action="store_true", help="print the backup's manifest")


def _add_files(words: Words) -> None:
    bring = _word(words, "import", "import users, or an exam, from Excel or CSV")
    what = bring.add_subparsers(required=True, metavar="what")
    users = _word(what, "users", "create users from a file: username, password, full_name, …")
    exam = _word(what, "exam", "write an exam whose questions come in a file")
    for name in EXAM_FIELDS:
        exam.add_argument(f"--{name.replace('_', '-')}", required=name in REQUIRED)
    for one, kind in ((users, "users"), (exam, "exam")):
        one.add_argument("file", type=Path)
        one.add_argument("--dry-run", action="store_true", help="only check the file")
        one.add_argument("--json", action="store_true")
        one.set_defaults(command=_import, kind=kind)

    take = _word(words, "export", "write what the suite knows to a file")
    results = _word(
        take.add_subparsers(required=True, metavar="what"), "results", "write results as a table"
    )
    results.add_argument("file", type=Path, help="its ending says as what: .csv or .xlsx")
    for name in RESULT_FILTERS:
        results.add_argument(f"--{name.replace('_', '-')}")
    results.set_defaults(command=_export)
    for one in (users, exam, results):
        one.add_argument("--as", dest="caller", help="who logs in (HPA_OWNER_USERNAME, admin)")


# Each command imports what it needs when it is called: `hpa up` starts at once.
# ruff: noqa: PLC0415


def _up(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.up import run_up

    return run_up(options, is_leashed=parsed.leash)


def _status(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.known import known_suite
    from hpa.status import show_status

    return show_status(known_suite(options), as_json=parsed.json)


def _logs(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.known import known_suite
    from hpa.logs import show

    for line in show(known_suite(options).data.logs, parsed.process, is_following=parsed.follow):
        print(line, flush=True)
    return 0


def _create_user(parsed: argparse.Namespace, options: Options) -> int:
    from hpa import users
    from hpa.known import known_suite

    return users.create_user(
        known_suite(options),
        parsed.username,
        role=parsed.role,
        full_name=parsed.full_name,
        password=users.read_password(is_piped=parsed.stdin),
    )


def _set_password(parsed: argparse.Namespace, options: Options) -> int:
    from hpa import users
    from hpa.known import known_suite

    password = users.read_password(is_piped=parsed.stdin)
    return users.set_password(known_suite(options), parsed.username, password=password)


def _rotate_keys(parsed: argparse.Namespace, options: Options) -> int:
    from hpa import users
    from hpa.known import known_suite

    return users.rotate_keys(known_suite(options), are_leaked=parsed.leaked)


def _demo(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.demo import fill
    from hpa.known import known_suite

    return fill(known_suite(options), as_json=parsed.json)


def _failed(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.events import show_failed
    from hpa.known import known_suite

    return show_failed(known_suite(options), parsed.service, as_json=parsed.json)


def _replay(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.events import replay
    from hpa.known import known_suite

    return replay(known_suite(options), parsed.service, parsed.id)


def _fsck(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.fsck.run import run_fsck
    from hpa.known import known_suite

    return run_fsck(known_suite(options), patience=parsed.wait)


def _backup(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.backup import make_backup
    from hpa.known import known_suite
    from shared.clock import utcnow

    manifest = make_backup(known_suite(options), parsed.folder, now=utcnow())
    if parsed.json:
        print(json.dumps(manifest, indent=2))
    else:
        print(f"{len(manifest['files'])} files of {manifest['made_at']} are in {parsed.folder}")
    return 0


def _restore(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.restore import restore_backup
    from shared.clock import utcnow

    manifest = restore_backup(options, parsed.folder, now=utcnow())
    if parsed.json:
        print(json.dumps(manifest, indent=2))
        return 0
    print(f"The suite is that of {manifest['made_at']}; what was there is in replaced/.")
    print("Start it with `hpa up`, and see with `hpa fsck` that all is well.")
    return 0


def _import(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.files import FileForm, import_file
    from hpa.known import known_suite

    form = FileForm(parsed.kind, parsed.file, _given(parsed, EXAM_FIELDS))
    caller = parsed.caller or options.owner_username
    return import_file(
        known_suite(options), caller, form, is_dry=parsed.dry_run, as_json=parsed.json
    )


def _export(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.files import export_results
    from hpa.known import known_suite

    return export_results(
        known_suite(options),
        parsed.file,
        query=_given(parsed, RESULT_FILTERS),
        caller=parsed.caller or options.owner_username,
    )


def _given(parsed: argparse.Namespace, names: Sequence[str]) -> dict[str, str]:
    return {name: value for name in names if (value := getattr(parsed, name, None)) is not None}
