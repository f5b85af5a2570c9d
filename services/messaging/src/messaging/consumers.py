"""What messaging learns from others: who the students are, their names and their chats."""

from typing import Final

from shared.events.consumers import Consumers
from shared.users import users_consumer

consumers: Final = Consumers("messaging")
users_consumer(consumers)
