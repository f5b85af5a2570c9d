"""
A new message, queued for its students, whose rows go from table to table inside the database.

PostgreSQL does everything, the answer too, in one statement; SQLite takes four.
"""

from typing import Any, Final

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from messaging.domain.delivery import AT_ONCE, Status
from messaging.domain.draft import Draft
from messaging.models import Message, MessageLog
from messaging.repository.messages import MessageRow, get_message
from messaging.repository.written import SHOWN, written_on_postgresql
from shared.db.brief import Writing, dialect_of
from shared.db.bulk import table_of
from shared.db.types import UtcDateTime
from shared.users import UserReplica

_MESSAGES: Final = table_of(Message)
_LOGS: Final = table_of(MessageLog)
_USERS: Final = table_of(UserReplica)
_IS_STUDENT: Final = and_(_USERS.c.role == "student", _USERS.c.is_active)


async def add_message(tx: Writing, draft: Draft, *, even_unknown: bool) -> MessageRow | None:
    """
    Store the message, with a log that waits for each active student among the recipients.

    Store nothing and return None when there is no student, or, unless *even_unknown*, when a
    recipient is not known here.
    """
    if isinstance(tx, AsyncSession) and dialect_of(tx) == "sqlite":
        return await _add_in_steps(tx, draft, even_unknown=even_unknown)
    given = {"ids": draft.wanted, "even_unknown": even_unknown, **_message(draft)}
    written: MessageRow | None = (await tx.execute(_ADD_ALL, given)).first()
    return written


async def _add_in_steps(tx: AsyncSession, draft: Draft, *, even_unknown: bool) -> MessageRow | None:
    # As one value: for each number of values it would be another statement.
    ids = orjson.dumps(draft.wanted).decode()
    found = (await tx.execute(_COUNT, {"ids": ids})).one()
    if not found.students or (found.known < len(draft.wanted) and not even_unknown):
        return None
    message = (await tx.execute(_ADD_MESSAGE, _message(draft))).one()
    await tx.execute(_ADD_LOGS, {"ids": ids, "message_id": message.id})
    return await get_message(tx, message.id)


def _message(draft: Draft) -> dict[str, Any]:
    return {"text": draft.text, "sent_by": draft.sent_by, "now": draft.now}


# --- statements


def _wanted_of_postgresql() -> FromClause:
    rows = func.unnest(bindparam("ids", type_=ARRAY(BigInteger))).table_valued(
        Column("id", BigInteger), with_ordinality="place"
    )
    return rows.render_derived("wanted")


def _wanted_of_sqlite() -> FromClause:
    rows = func.json_each(bindparam("ids", type_=Text)).table_valued(
        Column("value", BigInteger), Column("key", BigInteger), name="wanted"
    )
    return select(rows.c.value.label("id"), rows.c.key.label("place")).subquery()


_WANTED: Final = {"postgresql": _wanted_of_postgresql(), "sqlite": _wanted_of_sqlite()}


def _of_wanted(dialect: str, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select of each wanted id in its place, with the user of that id or none."""
    wanted = _WANTED[dialect]
    is_his = _USERS.c.id == wanted.c.id
    return select(*columns).select_from(wanted.outerjoin(_USERS, is_his))


_COUNT: Final = _of_wanted(
    "sqlite",
    func.count(_USERS.c.id).label("known"),
    func.count().filter(_IS_STUDENT).label("students"),
)


def _add_message(*conditions: ColumnElement[bool]) -> Any:  # noqa: ANN401 - an Insert that returns
    row = select(
        bindparam("text", type_=Text),
        bindparam("sent_by", type_=BigInteger),
        bindparam("now", type_=UtcDateTime),
    )
    names = ("text", "sent_by", "created_at")
    return insert(_MESSAGES).from_select(names, row.where(*conditions)).returning(*_MESSAGES.c)


def _add_logs(message_id: ColumnElement[int], students: Select[Any]) -> Insert:
    """Insert a log for each of *students*, who are ids and names in their order."""
    rows = students.add_columns(
        message_id.label("message_id"),
        literal(Status.PENDING, Text).label("status"),
        literal(AT_ONCE, BigInteger).label("due_at"),
        literal(0).label("tries"),
    )
    names = ("recipient_id", "recipient_name", "message_id", "status", "due_at", "tries")
    return insert(_LOGS).from_select(names, rows)


_ADD_MESSAGE: Final = _add_message()
_ADD_LOGS: Final = _add_logs(
    bindparam("message_id", type_=BigInteger),
    _of_wanted("sqlite", _USERS.c.id, _USERS.c.full_name)
    .where(_IS_STUDENT)
    .order_by(_WANTED["sqlite"].c.place),
)


def _add_all() -> Select[Any]:
    """Return the message that was added with its logs, or no row."""
    place = _WANTED["postgresql"].c.place
    found = _of_wanted(
        "postgresql", _USERS.c.id, _USERS.c.full_name, place, _IS_STUDENT.label("is_student")
    ).cte("found")
    message = _add_message(
        select(found.c.id).where(found.c.is_student).exists(),
        or_(
            bindparam("even_unknown", type_=Boolean),
            ~select(found.c.place).where(found.c.id.is_(None)).exists(),
        ),
    ).cte("message")
    students = select(found.c.id, found.c.full_name).select_from(found.join(message, true()))
    waiting = students.where(found.c.is_student).order_by(found.c.place)
    logs = _add_logs(message.c.id, waiting).returning(*(_LOGS.c[name] for name in SHOWN))
    return select(*message.c, *written_on_postgresql(logs.cte("logs")))


_ADD_ALL: Final = _add_all()
