"""The tables as Core sees them: rows of a list need no objects."""

from typing import Any, Final

from sqlalchemy import Row, Table, inspect

from exams.models import Base, CodeGuard, Exam, Option, Question, ResultReplica, Subject

AnyRow = Row[*tuple[Any, ...]]
"""A row whose columns the type checker need not know one by one."""


def _table_of(model: type[Base]) -> Table:
    table = inspect(model).local_table
    assert isinstance(table, Table)  # noqa: S101 - for the type checker
    return table


SUBJECTS: Final = _table_of(Subject)
EXAMS: Final = _table_of(Exam)
QUESTIONS: Final = _table_of(Question)
OPTIONS: Final = _table_of(Option)
GUARDS: Final = _table_of(CodeGuard)
RESULTS: Final = _table_of(ResultReplica)
