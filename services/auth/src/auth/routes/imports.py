"""
Importing users from a file.

Checked beside the loop, hashed one password after the other on a place in the line of those who
sign in, and only then stored, in one transaction: nobody waits for the write lock meanwhile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from auth.deps import Auth, OwnerCaller, Parts
from auth.domain.users import IMPORT_LIMIT, key_of
from auth.errors import UsernameTaken
from auth.schemas import UserRow
from auth.service import passwords, users
from auth.service.users import NewUser
from shared.errors import Invalid
from shared.http.body import check
from shared.http.deps import App, Now
from shared.http.errors import errors
from shared.http.imports import DRY_RUN_TEXT, WRONG_ROWS, ImportedRow, ImportReport, failed, report
from shared.http.upload import Form, uploaded
from shared.sheets import Line, in_turn, read_table

router = APIRouter(prefix="/api/v1/users", tags=["users"])

PATH: Final = f"{router.prefix}/import/"
SECONDS: Final = 120.0
"""On a crowded machine 500 hashes have taken more than a minute; the gateway waits as long."""
COLUMNS: Final = tuple(UserRow.model_fields)
REQUIRED: Final = tuple(name for name, one in UserRow.model_fields.items() if one.is_required())
WHAT: Final = (
    f"An xlsx workbook (its first sheet) or CSV in UTF-8 with the columns {', '.join(COLUMNS)}; "
    f"{', '.join(REQUIRED)} are required. At most {IMPORT_LIMIT} rows and 1 MiB."
)
EXAMPLE: Final = (
    "username,password,full_name,role,telegram_id,phone\n"
    "ali.valiyev,Sirli-parol-26,Ali Valiyev,student,70000001,+998901234567\n"
)
TWICE: Final = "This username stands in the file twice."


@dataclass(frozen=True, slots=True)
class Checked:
    """A row of the file: the user it describes, or what is wrong with it."""

    number: int
    user: UserRow | None = None
    errors: Any = None


@router.post(
    "/import/",
    response_model=ImportReport,
    responses=WRONG_ROWS | errors(UsernameTaken),
)
async def import_users(
    _: OwnerCaller,
    auth: Auth,
    app: App,
    now: Now,
    form: Annotated[Form, uploaded(WHAT, EXAMPLE)],
    *,
    dry_run: Annotated[bool, Query(description=DRY_RUN_TEXT)] = False,
) -> Response:
    """
    Create users from a file, all of them or none.

    Users whose name exists already, in whatever case, are skipped and stay as they are, so that a
    file may be sent again.
    """
    rows = await in_turn(lambda: checked(form.file))
    names = [row.user.username for row in rows if row.user]
    async with app.database.reading() as view:
        known = await users.ids_by_name(view, names)
    is_faulty = any(row.errors for row in rows)
    if dry_run or is_faulty:
        return report(_outcome(rows, known, {}), is_dry=dry_run)
    new = [row.user for row in rows if row.user and key_of(row.user.username) not in known]
    drafts = await _hashed(auth, new)
    async with app.database.transaction() as tx:
        made = await users.create_users(tx, drafts, now=now)
        ids = {user.username_key: user.id for user in made}
    return report(_outcome(rows, known, ids), is_dry=False)


def checked(content: bytes) -> list[Checked]:
    """Check every row of a file by itself and against those above it. Raises `Invalid`."""
    lines = read_table(content, columns=COLUMNS, required=REQUIRED, limit=IMPORT_LIMIT)
    seen: set[str] = set()
    return [_checked(line, seen) for line in lines]


def _checked(line: Line, seen: set[str]) -> Checked:
    try:
        user = check(UserRow, line.cells)
        passwords.require_strong(user.password, username=user.username)
    except Invalid as wrong:
        return Checked(line.number, errors={**_by_field(wrong), **line.faults})
    key = key_of(user.username)
    twice = {"username": [TWICE]} if key in seen else {}
    seen.add(key)
    if twice or line.faults:
        return Checked(line.number, errors={**twice, **line.faults})
    return Checked(line.number, user)


def _by_field(wrong: Invalid) -> dict[str, Any]:
    return dict(wrong.errors) if isinstance(wrong.errors, dict) else {}


def _outcome(
    rows: Iterable[Checked], known: Mapping[str, int], made: Mapping[str, int]
) -> Iterable[ImportedRow]:
    for row in rows:
        if row.user is None:
            yield failed(row.number, row.errors)
            continue
        key = key_of(row.user.username)
        if key in known:
            yield ImportedRow(row=row.number, status="skipped", id=known[key])
        else:
            yield ImportedRow(row=row.number, status="created", id=made.get(key))


async def _hashed(auth: Parts, rows: Sequence[UserRow]) -> list[NewUser]:
    """Hash the passwords on one place in the line: people who sign in keep their turns."""
    if not rows:
        return []
    with auth.passwords.place():
        return [
            NewUser(
                username=row.username,
                password_hash=await auth.passwords.hash(row.password),
                role=row.role,
                full_name=row.full_name,
                telegram_id=row.telegram_id,
                phone=row.phone,
            )
            for row in rows
        ]
