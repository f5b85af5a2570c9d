"""`python -m auth`: the server, and the commands of whoever runs it."""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable, Sequence

from auth.domain.users import STUDENT, flaw_of
from auth.main import create_app, make_keys, make_parts
from auth.service import passwords, users
from auth.settings import Settings
from shared.clock import utcnow
from shared.db.engine import Database
from shared.errors import DomainError, Invalid
from shared.serve import serve
from shared.settings import read_settings

Work = Callable[[Database, str], Awaitable[None]]


def main(arguments: Sequence[str]) -> int:
    """Run the command *arguments* name, or the server; return the exit code."""
    if not arguments or arguments[0] == "migrate":
        serve(create_app, Settings)
        return 0
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except DomainError as error:
        problem = error.errors if isinstance(error, Invalid) else error
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m auth")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("migrate", help="bring the database to the newest schema, and end")
    rotate = commands.add_parser("rotate-keys", help="publish a new signing key")
    when = rotate.add_mutually_exclusive_group()
    when.add_argument("--now", action="store_true", help="sign with it at once")
    when.add_argument(
        "--leaked", action="store_true", help="at once, and forget the others: all sign in anew"
    )
    rotate.set_defaults(run=_rotate_keys)
    set_password = commands.add_parser("set-password", help="give a user another password")
    set_password.set_defaults(run=_set_password)
    create = commands.add_parser("create-user", help="create a user")
    create.add_argument("--role", default=STUDENT, choices=("owner", "employee", "student"))
    create.add_argument("--full-name", default="")
    create.set_defaults(run=_create_user)
    for command in (set_password, create):
        command.add_argument("username")
        command.add_argument(
            "--stdin", action="store_true", help="read the password; else one is made up and shown"
        )
    return parser


def _rotate_keys(parsed: argparse.Namespace) -> None:
    now = utcnow()
    store = make_keys(read_settings(Settings))
    store.open(now)
    key = store.start_over(now) if parsed.leaked else store.rotate(now, force=parsed.now)
    sys.stdout.write(f"{key.kid} signs from {key.signs_at.isoformat()}\n")


def _set_password(parsed: argparse.Namespace) -> None:
    async def work(database: Database, password_hash: str) -> None:
        async with database.transaction() as tx:
            user = await users.get_user_named(tx, parsed.username)
            await users.update_user(tx, user.id, {"password_hash": password_hash}, now=utcnow())

    _with_password(parsed, work)


def _create_user(parsed: argparse.Namespace) -> None:
    flaw = flaw_of(parsed.username)
    if flaw is not None:
        raise Invalid({"username": [flaw]})

    async def work(database: Database, password_hash: str) -> None:
        new = users.NewUser(
            username=parsed.username,
            password_hash=password_hash,
            role=parsed.role,
            full_name=parsed.full_name or parsed.username,
        )
        async with database.transaction() as tx:
            await users.create_user(tx, new, now=utcnow())

    _with_password(parsed, work)


def _with_password(parsed: argparse.Namespace, work: Work) -> None:
    """Do *work* with the hash of the given password, or of one that is made up and shown."""
    password = sys.stdin.readline().rstrip("\r\n") if parsed.stdin else secrets.token_urlsafe(12)
    passwords.require_strong(password, username=parsed.username)
    asyncio.run(_run(work, password))
    if not parsed.stdin:
        sys.stdout.write(f"{password}\n")


async def _run(work: Work, password: str) -> None:
    settings = read_settings(Settings)
    parts = make_parts(settings)
    database = Database(settings.database_url)
    try:
        await work(database, await parts.passwords.hash(password))
    finally:
        parts.passwords.close()
        await database.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
