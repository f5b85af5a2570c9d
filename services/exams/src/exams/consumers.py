"""What happens elsewhere and matters here: users change, students hand in."""

from exams.service import participants
from shared.contracts.results import ResultChangedV1
from shared.db.brief import Writing
from shared.events.consumers import Consumers
from shared.users import users_consumer

consumers = Consumers("exams")
users_consumer(consumers)


@consumers.on_all(ResultChangedV1)
async def apply_results(tx: Writing, events: list[ResultChangedV1]) -> None:
    """Count the participants of the results' exams; in a rush hundreds come at once."""
    await participants.keep_results(tx, events)
