"""Subjects in bodies and answers."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict

from exams.domain import SUBJECT_NAME_LENGTH
from shared.http.fields import Input, Text


class SubjectCreate(Input):
    """A subject as it is written."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Ingliz tili"}]})

    name: Annotated[str, Text(SUBJECT_NAME_LENGTH)]


class SubjectOut(BaseModel):
    """A subject."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": 2, "name": "Ingliz tili", "created_at": "2026-02-20T10:00:00Z"}]
        }
    )

    id: int
    name: str
    created_at: datetime


def subject_of(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
    """Return a subject as it is answered."""
    return {"id": row.id, "name": row.name, "created_at": row.created_at}
