"""Events of the messaging service."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from shared.contracts.base import Event, EventId


class TelegramLinkedV1(Event):
    """A user opened the bot with his link; from now on this chat is his."""

    subject: ClassVar[str] = "hpa.telegram.linked.v1"
    producer: ClassVar[str] = "messaging"
    consumers: ClassVar[tuple[str, ...]] = ("auth",)

    user_id: EventId
    telegram_id: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
    linked_at: datetime

    @property
    @override
    def entity(self) -> str:
        return f"telegram:{self.user_id}"
