"""What all events have in common: a declared subject and the CloudEvents 1.0 envelope."""

import json
from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

EventId = Annotated[int, Field(ge=1, le=2**63 - 1)]
Version = Annotated[int, Field(ge=1, le=2**63 - 1)]


class Event(BaseModel):
    """
    A fact that happened in one service.

    Subclasses declare `subject`, `producer` and `consumers`. Optional fields may be added; any
    other change is a new class on a new subject.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    subject: ClassVar[str]
    producer: ClassVar[str]
    consumers: ClassVar[tuple[str, ...]]

    @property
    def entity(self) -> str:
        """Name the thing whose state this is; the outbox keeps its newest state for ever."""
        return ""

    def envelope(self, event_id: UUID, at: datetime, traceparent: str = "") -> bytes:
        """
        Return the event as CloudEvents 1.0 JSON (structured mode).

        *traceparent* is CloudEvents' extension for distributed tracing; empty, it is left out.
        """
        data = self.model_dump_json()
        head = {
            "specversion": "1.0",
            "id": str(event_id),
            "source": f"hpa/{self.producer}",
            "type": self.subject,
            "time": at.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
        }
        if traceparent:
            head["traceparent"] = traceparent
        return (json.dumps(head)[:-1] + ', "data": ' + data + "}").encode()


class Envelope(BaseModel):
    """The parts of a CloudEvents 1.0 message that consumers rely on."""

    model_config = ConfigDict(extra="ignore")

    specversion: Annotated[str, Field(pattern=r"^1\.0$")]
    id: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    source: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    type: str
    time: datetime | None = None
    traceparent: object = None
    """What others wrote there may be anything: it is no reason to refuse an event."""
    data: dict[str, object]

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Read *payload*. Raises `pydantic.ValidationError` when it is no CloudEvents message."""
        return cls.model_validate_json(payload)
