"""Events that were put aside: no broken promise, but somebody should look at them."""

from sqlalchemy import func, select

from hpa.fsck import tables
from hpa.fsck.reading import Reader
from hpa.options import SERVICES


async def count_dead_letters(read: Reader) -> dict[str, int]:
    """Return how many parked events each service holds; services without any are left out."""
    statement = (
        select(func.count())
        .select_from(tables.dead_letters)
        .where(tables.dead_letters.c.replayed_at.is_(None))
    )
    counts = {service: (await read.rows(service, statement))[0][0] for service in SERVICES}
    return {service: count for service, count in counts.items() if count}
