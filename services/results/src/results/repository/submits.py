"""SQL of the hot path: many hand-ins in one transaction, with a constant number of statements."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, bindparam, func, inspect, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from results.models import IdempotencyKey, Result, ResultAnswer
from shared.db.upsert import insert_into

Rows = list[dict[str, Any]]


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
        sequence = select(func.nextval(func.pg_get_serial_sequence(name, "id"))).select_from(
            func.generate_series(1, count)
        )
        return list(await tx.scalars(sequence))
    last = await tx.scalar(
        text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": name}
    )
    return range((last or 0) + 1, (last or 0) + 1 + count)


async def add_results(tx: AsyncSession, rows: Rows) -> set[int]:
    """Insert results where (exam, student) has none; return the ids of those inserted."""
    insert = insert_into(tx, Result).values(rows)
    insert = insert.on_conflict_do_nothing(index_elements=["exam_id", "student_id"])
    return set(await tx.scalars(insert.returning(Result.id)))


async def add_answers(tx: AsyncSession, rows: Rows) -> None:
    """Insert answers."""
    await _insert_many(tx, ResultAnswer, rows)


async def add_keys(tx: AsyncSession, rows: Rows) -> set[tuple[int, str]]:
    """Keep the answers given; return the (student, key) pairs that were free."""
    if not rows:
        return set()
    insert = insert_into(tx, IdempotencyKey).values(rows).on_conflict_do_nothing()
    added = await tx.execute(insert.returning(IdempotencyKey.student_id, IdempotencyKey.key))
    return {(row[0], row[1]) for row in added}


async def _insert_many(tx: AsyncSession, model: type[Any], rows: Rows) -> None:
    if not rows:
        return
    table = inspect(model).local_table
    if not isinstance(table, Table):  # pragma: no cover - a mapped class has a table
        raise TypeError
    names = list(rows[0])
    statement = table.insert().values({name: bindparam(name) for name in names})
    connection = await tx.connection()
    await connection.execute(statement, rows)
