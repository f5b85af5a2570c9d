"""
A message's logs as JSON, written by the database itself.

The list of messages shows every log of every message, a million after a year of broadcasts. As
rows they would take seconds of this process and hold up everybody else; as text they do not.
"""

from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Select,
    Text,
    case,
    cast,
    func,
    select,
)

from messaging.domain.delivery import Status
from messaging.models import Message, MessageLog
from shared.db.bulk import table_of

JsonTexts = tuple[Label[str], Label[str]]
"""`recipients`, the ids, and `logs`."""

SHOWN: Final = ("id", "message_id", "recipient_id", "recipient_name", "status", "error", "sent_at")
"""What is read of a log."""
LOGS: Final = table_of(MessageLog)


def _logs(log: FromClause, sent_at: ColumnElement[str]) -> Select[Any]:
    """Select logs in the order of their recipients, named as the API names them."""
    # What is being sent still counts as pending.
    shown = case((log.c.status == Status.SENDING, Status.PENDING), else_=log.c.status)
    return select(
        log.c.id,
        log.c.message_id.label("message"),
        log.c.recipient_id.label("recipient"),
        log.c.recipient_name,
        shown.label("status"),
        log.c.error,
        sent_at.label("sent_at"),
    ).order_by(log.c.id)


def _of_message(logs: Select[Any]) -> Select[Any]:
    """Narrow *logs* to those of the message of the statement around."""
    return logs.where(LOGS.c.message_id == Message.id).correlate(Message)


def _on_sqlite() -> JsonTexts:
    # Cut, not computed: SQLite's own functions would round to the next second.
    second = func.substr(LOGS.c.sent_at, 1, 19, type_=Text)
    moment = func.replace(second, " ", "T", type_=Text).concat("Z")
    logs = _of_message(_logs(LOGS, moment)).subquery()
    pairs = [part for name, column in logs.c.items() for part in (name, column)]
    recipients = select(func.json_group_array(logs.c.recipient, type_=Text))
    objects = select(func.json_group_array(func.json_object(*pairs), type_=Text))
    return _named(recipients, objects)


def _on_postgresql(found: Select[Any]) -> JsonTexts:
    logs = found.subquery()
    recipients = select(func.coalesce(cast(func.json_agg(logs.c.recipient), Text), "[]"))
    objects = select(func.coalesce(cast(func.json_agg(logs.table_valued()), Text), "[]"))
    return _named(recipients, objects)


def _named(recipients: Select[str], objects: Select[str]) -> JsonTexts:
    return (
        recipients.scalar_subquery().label("recipients"),
        objects.scalar_subquery().label("logs"),
    )


def _logs_on_postgresql(log: FromClause) -> Select[Any]:
    moment = func.timezone("UTC", log.c.sent_at)
    return _logs(log, func.to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS"Z"', type_=Text))


def written_on_postgresql(logs: FromClause) -> JsonTexts:
    """Return all of *logs*, which have the columns that are `SHOWN`."""
    return _on_postgresql(_logs_on_postgresql(logs))


WRITTEN: Final = {
    "sqlite": _on_sqlite(),
    "postgresql": _on_postgresql(_of_message(_logs_on_postgresql(LOGS))),
}
"""By dialect: what a message has, as columns of the statement that reads it."""
