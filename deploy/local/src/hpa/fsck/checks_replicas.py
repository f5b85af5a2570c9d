"""What must hold between the databases: replicas equal their owners, counts follow results."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import TableClause, select

from hpa.fsck import tables
from hpa.fsck.reading import Check, Reader
from hpa.options import SERVICES

State = dict[str, Any]
REPLICATED: Final = tuple(service for service in SERVICES if service != "auth")
USER: Final = tuple(tables.USER_STATE)
SUBJECT: Final = ("id", "version", "name", "is_deleted")
EXAM: Final = (
    "version", "questions_version", "title", "is_published", "is_active", "is_deleted",
)  # fmt: skip
RESULT: Final = ("version", "exam_id", "is_deleted")


async def _states(
    read: Reader, service: str, table: TableClause, key: str, fields: tuple[str, ...]
) -> dict[int, State]:
    columns = dict.fromkeys((key, *fields))
    rows = await read.maps(service, select(*(table.c[name] for name in columns)))
    return {row[key]: {name: row[name] for name in fields} for row in rows}


def _differences(
    what: str, owner: Mapping[int, State], replica: Mapping[int, State]
) -> Iterable[str]:
    # Replicas are read before their owners: what they hold cannot be unknown there.
    for key in sorted(owner.keys() | replica.keys()):
        mine, theirs = owner.get(key), replica.get(key)
        if theirs is None:
            yield f"{what} {key} is missing"
        elif mine is None:
            yield f"{what} {key} is unknown to its owner"
        elif mine != theirs:
            yield f"{what} {key} is {_short(theirs, mine)}, its owner says {_short(mine, theirs)}"


def _short(state: State, other: State) -> State:
    return {name: value for name, value in state.items() if value != other[name]}


async def _users(read: Reader) -> Iterable[str]:
    replicas = {
        service: await _states(read, service, tables.user_replicas, "id", USER)
        for service in REPLICATED
    }
    owner = await _states(read, "auth", tables.users, "id", USER)
    return [
        fault
        for service, replica in replicas.items()
        for fault in _differences(f"{service}: user", owner, replica)
    ]


async def _exams(read: Reader) -> Iterable[str]:
    replica = await _states(read, "results", tables.exam_replicas, "exam_id", EXAM)
    owner = await _states(read, "exams", tables.exams, "id", EXAM)
    return list(_differences("results: exam", owner, replica))


async def _subjects(read: Reader) -> Iterable[str]:
    replica = await _states(read, "worklogs", tables.subject_replicas, "id", SUBJECT)
    owner = await _states(read, "exams", tables.subjects, "id", SUBJECT)
    return list(_differences("worklogs: subject", owner, replica))


async def _results(read: Reader) -> Iterable[str]:
    replica = await _states(read, "exams", tables.result_replicas, "result_id", RESULT)
    owner = await _owned_results(read)
    return list(_differences("exams: result", owner, replica))


async def _owned_results(read: Reader) -> dict[int, State]:
    fields = ("version", "exam_id")
    gone = await _states(read, "results", tables.deleted_results, "result_id", fields)
    here = await _states(read, "results", tables.results, "id", fields)
    return {key: state | {"is_deleted": True} for key, state in gone.items()} | {
        key: state | {"is_deleted": False} for key, state in here.items()
    }


async def _participants(read: Reader) -> Iterable[str]:
    exams = tables.exams.c
    rows = await read.rows(
        "exams", select(exams.id, exams.participants_count).where(~exams.is_deleted)
    )
    results = await read.rows("results", select(tables.results.c.exam_id))
    counts = Counter(row.exam_id for row in results)
    return [
        f"exam {row.id} counts {row.participants_count} participants, it has {counts[row.id]}"
        for row in rows
        if row.participants_count != counts[row.id]
    ]


CHECKS: Final = (
    Check("replicas: users are those of auth", _users, is_delivery=True),
    Check("replicas: exams are those of exams", _exams, is_delivery=True),
    Check("replicas: subjects are those of exams", _subjects, is_delivery=True),
    Check("replicas: results are those of results", _results, is_delivery=True),
    Check("exams: participants_count is the number of results", _participants, is_delivery=True),
)
