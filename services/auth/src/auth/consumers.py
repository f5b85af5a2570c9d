"""Which events auth listens to."""

from sqlalchemy.ext.asyncio import AsyncSession

from auth.service import users
from shared.clock import utcnow
from shared.contracts.messaging import TelegramLinkedV1
from shared.events.consumers import Consumers

consumers = Consumers("auth")


@consumers.on(TelegramLinkedV1)
async def link_telegram(tx: AsyncSession, event: TelegramLinkedV1) -> None:
    """Keep the chat a user was linked to, and tell everybody."""
    await users.link_telegram(
        tx, event.user_id, event.telegram_id, linked_at=event.linked_at, now=utcnow()
    )
