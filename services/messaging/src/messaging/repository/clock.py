"""The database's own clock: replicas on several machines agree on it and on no other."""

from typing import Any

from sqlalchemy import BigInteger, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Micros(FunctionElement[int]):
    """Microseconds since 1970 in UTC, by the database's clock, at this moment."""

    type = BigInteger()
    inherit_cache = True


@compiles(Micros, "sqlite")
def _on_sqlite(*_: Any, **__: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own types
    # SQLite knows milliseconds; `unixepoch('subsec')` is younger than the oldest Python we run on.
    return "(CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000)"


@compiles(Micros, "postgresql")
def _on_postgresql(*_: Any, **__: Any) -> str:  # noqa: ANN401 - SQLAlchemy's own types
    # clock_timestamp(), because now() is when the transaction began.
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


NOW = select(Micros())


async def get_now(tx: AsyncSession) -> int:
    """Return the present moment in microseconds."""
    return int((await tx.execute(NOW)).scalar_one())
