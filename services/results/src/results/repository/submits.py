"""SQL of the hot path: many hand-ins in one transaction, with a constant number of statements."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Integer, bindparam, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from results.models import IdempotencyKey, Result, ResultAnswer
from shared.db.bulk import insert_absent, insert_rows

Rows = list[dict[str, Any]]


def _next_ids(name: str) -> Any:  # noqa: ANN401 - a Select
    """Return the statement that takes `:count` numbers at once, as one array."""
    number = func.nextval(func.pg_get_serial_sequence(literal(name), literal("id")))
    numbers = func.generate_series(1, bindparam("count", type_=Integer)).alias("numbers")
    return select(func.array_agg(number)).select_from(numbers)


_NEXT_IDS: Final = {
    model.__tablename__: _next_ids(model.__tablename__) for model in (Result, ResultAnswer)
}


async def find_existing(
    tx: AsyncSession, pairs: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], int]:
    """Return the result id of each (exam, student) that has one."""
    statement = select(Result.exam_id, Result.student_id, Result.id)
    key = tuple_(Result.exam_id, Result.student_id)
    found = await tx.execute(statement.where(key.in_(pairs)))
    return {(row[0], row[1]): row[2] for row in found}


async def find_keys(
    tx: AsyncSession, wanted: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], tuple[str, bytes]]:
    """Return (fingerprint, response) of each (student, key) that was used before."""
    if not wanted:
        return {}
    statement = select(
        IdempotencyKey.student_id,
        IdempotencyKey.key,
        IdempotencyKey.fingerprint,
        IdempotencyKey.response,
    )
    key = tuple_(IdempotencyKey.student_id, IdempotencyKey.key)
    found = await tx.execute(statement.where(key.in_(wanted)))
    return {(row[0], row[1]): (row[2], row[3]) for row in found}


async def take_ids(tx: AsyncSession, model: type[Any], count: int) -> range | list[int]:
    """
    Return *count* ids for new rows of *model*, so that nothing has to be read back.

    SQLite: the write lock is held, nobody else can number rows. PostgreSQL: from the sequence.
    """
    if count == 0:
        return []
    name = model.__tablename__
    if tx.get_bind().dialect.name == "postgresql":
        taken: list[int] = await tx.scalar(_NEXT_IDS[name], {"count": count}) or []
        return taken
    last = await tx.scalar(
        text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": name}
    )
    return range((last or 0) + 1, (last or 0) + 1 + count)


async def add_results(tx: AsyncSession, rows: Rows) -> set[int]:
    """Insert results where (exam, student) has none; return the ids of those inserted."""
    return await insert_absent(tx, Result, rows, key=("exam_id", "student_id"), returning=("id",))


async def add_answers(tx: AsyncSession, rows: Rows) -> None:
    """Insert answers."""
    await insert_rows(tx, ResultAnswer, rows)


async def add_keys(tx: AsyncSession, rows: Rows) -> set[tuple[int, str]]:
    """Keep the answers given; return the (student, key) pairs that were free."""
    pair = ("student_id", "key")
    return await insert_absent(tx, IdempotencyKey, rows, key=pair, returning=pair)
