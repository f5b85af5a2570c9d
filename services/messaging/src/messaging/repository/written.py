"""
A message's logs as JSON, written by the database itself.

The list of messages shows every log of every message, a million after a year of broadcasts. As
rows they would take seconds of this process and hold up everybody else; as text they do not.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, Select, Text, case, cast, func, select

from messaging.domain.delivery import Status
from messaging.models import Message, MessageLog

JsonText = ScalarSelect[str]


def _logs(sent_at: ColumnElement[str]) -> Select[Any]:
    """Select the logs of a message in the order of its recipients, named as the API names them."""
    # What is being sent still counts as pending.
    shown = case((MessageLog.status == Status.SENDING, Status.PENDING), else_=MessageLog.status)
    return (
        select(
            MessageLog.id,
            MessageLog.message_id.label("message"),
            MessageLog.recipient_id.label("recipient"),
            MessageLog.recipient_name,
            shown.label("status"),
            MessageLog.error,
            sent_at.label("sent_at"),
        )
        .where(MessageLog.message_id == Message.id)
        .correlate(Message)
        .order_by(MessageLog.id)
    )


def _on_sqlite() -> tuple[JsonText, JsonText]:
    # Cut, not computed: SQLite's own functions would round to the next second.
    second = func.substr(MessageLog.sent_at, 1, 19, type_=Text)
    logs = _logs(func.replace(second, " ", "T", type_=Text).concat("Z")).subquery()
    pairs = [part for name, column in logs.c.items() for part in (name, column)]
    recipients = select(func.json_group_array(logs.c.recipient, type_=Text))
    objects = select(func.json_group_array(func.json_object(*pairs), type_=Text))
    return recipients.scalar_subquery(), objects.scalar_subquery()


def _on_postgresql() -> tuple[JsonText, JsonText]:
    moment = func.timezone("UTC", MessageLog.sent_at)
    logs = _logs(func.to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS"Z"', type_=Text)).subquery()
    recipients = select(func.coalesce(cast(func.json_agg(logs.c.recipient), Text), "[]"))
    objects = select(func.coalesce(cast(func.json_agg(logs.table_valued()), Text), "[]"))
    return recipients.scalar_subquery(), objects.scalar_subquery()


WRITTEN: Final = {"sqlite": _on_sqlite(), "postgresql": _on_postgresql()}
"""By dialect: the ids of the recipients, and the logs."""
