"""What happens elsewhere and matters here: users change, students hand in."""

from sqlalchemy.ext.asyncio import AsyncSession

from exams.service import participants
from shared.contracts.results import ResultChangedV1
from shared.events.consumers import Consumers
from shared.users import users_consumer

consumers = Consumers("exams")
users_consumer(consumers)


@consumers.on(ResultChangedV1)
async def apply_result(tx: AsyncSession, event: ResultChangedV1) -> None:
    """Count the participants of the result's exam."""
    await participants.apply_result(tx, event)
