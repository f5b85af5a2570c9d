"""What results does about other services' events."""

from sqlalchemy.ext.asyncio import AsyncSession

from results.clients import ExamsClient
from results.service import exams as service
from shared.contracts.exams import ExamChangedV1
from shared.errors import Unavailable
from shared.events.consumers import Consumers
from shared.runtime import Runtime

consumers = Consumers("results")


async def fetch_newer(runtime: Runtime, events: list[ExamChangedV1]) -> None:
    """
    Fetch the exams whose told version is not held: an event tells no questions, they are the key.

    With exams away nothing is fetched; the announced version alone makes the next submit ask.
    """
    newest = {event.exam_id: event.version for event in sorted(events, key=lambda one: one.version)}
    async with runtime.database.reading() as view:
        held = await service.held_versions(view, list(newest))
    client = ExamsClient(runtime)
    for exam_id, version in newest.items():
        if held.get(exam_id, 0) >= version:
            continue
        try:
            state = await client.find(exam_id)
        except Unavailable:
            return
        if state is not None:
            async with runtime.database.transaction() as tx:
                await service.keep_exam(tx, state)


@consumers.on(ExamChangedV1, prepare=fetch_newer)
async def announce_exam(tx: AsyncSession, event: ExamChangedV1) -> None:
    """Note the newest version that exams has spoken of."""
    await service.announce(tx, event.exam_id, event.version)
