"""SQL of the hot path: many hand-ins in one transaction, with a constant number of statements."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Integer, bindparam, column, func, literal, select, table

from results.models import IdempotencyKey, Result, ResultAnswer
from shared.db.brief import Writing, dialect_of
from shared.db.bulk import find_rows, insert_absent, insert_rows

Rows = list[dict[str, Any]]


def _next_ids(name: str) -> Any:  # noqa: ANN401 - a Select
    """Return the statement that takes `:count` numbers at once, as one array."""
    number = func.nextval(func.pg_get_serial_sequence(literal(name), literal("id")))
    numbers = func.generate_series(1, bindparam("count", type_=Integer)).alias("numbers")
    return select(func.array_agg(number)).select_from(numbers)


_NEXT_IDS: Final = {
    model.__tablename__: _next_ids(model.__tablename__) for model in (Result, ResultAnswer)
}


_SEQUENCES: Final = table("sqlite_sequence", column("seq"), column("name"))
_LAST_ID: Final = select(_SEQUENCES.c.seq).where(_SEQUENCES.c.name == bindparam("name"))
_PAIR: Final = ("exam_id", "student_id")
_KEY: Final = ("student_id", "key")


async def find_existing(
    tx: Writing, pairs: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], int]:
    """Return the result id of each (exam, student) that has one."""
    found = await find_rows(tx, Result, pairs, key=_PAIR, columns=(*_PAIR, "id"))
    return {(row[0], row[1]): row[2] for row in found}


async def find_keys(
    tx: Writing, wanted: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], tuple[str, bytes]]:
    """Return (fingerprint, response) of each (student, key) that was used before."""
    columns = (*_KEY, "fingerprint", "response")
    found = await find_rows(tx, IdempotencyKey, wanted, key=_KEY, columns=columns)
    return {(row[0], row[1]): (row[2], row[3]) for row in found}


async def take_ids(tx: Writing, model: type[Any], count: int) -> range | list[int]:
    """
    Return *count* ids for new rows of *model*, so that nothing has to be read back.

    SQLite: the write lock is held, nobody else can number rows. PostgreSQL: from the sequence.
    """
    if count == 0:
        return []
    name = model.__tablename__
    if dialect_of(tx) == "postgresql":
        taken: list[int] = (await tx.execute(_NEXT_IDS[name], {"count": count})).one()[0]
        return taken
    last = (await tx.execute(_LAST_ID, {"name": name})).first()
    first = (last[0] if last else 0) + 1
    return range(first, first + count)


async def add_results(tx: Writing, rows: Rows) -> set[int]:
    """Insert results where (exam, student) has none; return the ids of those inserted."""
    return await insert_absent(tx, Result, rows, key=_PAIR, returning=("id",))


async def add_answers(tx: Writing, rows: Rows) -> None:
    """Insert answers."""
    await insert_rows(tx, ResultAnswer, rows)


async def add_keys(tx: Writing, rows: Rows) -> set[tuple[int, str]]:
    """Keep the answers given; return the (student, key) pairs that were free."""
    return await insert_absent(tx, IdempotencyKey, rows, key=_KEY, returning=_KEY)
