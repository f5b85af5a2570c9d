"""Pulling from a durable, one request at a time (NATS's JetStream API, `CONSUMER.MSG.NEXT`)."""

import asyncio
import json
from itertools import count
from typing import Final

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.errors import APIError

from shared.events.bus import Bus

BATCH: Final = 100
WAIT_SECONDS: Final = 10.0
"""One request waits so long. A process that is frozen meanwhile may get one batch, not more."""
ANSWER_SECONDS: Final = 0.5
"""JetStream says when the wait is over; what says nothing is gone, and the request with it."""
OVER: Final = ("404", "408")
"""No more messages, and none came while we waited."""


class Pull:
    """
    The deliveries of one durable to one process, for as long as its connection lives.

    nats-py's `fetch` makes a task for each message, and takes one with a header `Status`, which
    anybody may write, for JetStream's word. A wait as long as this it would sleep through when
    JetStream was restarted.
    """

    def __init__(self, client: Client, durable: str, stream: str) -> None:
        """Pull *durable* of *stream* over *client*; see `open`."""
        self._client = client
        self._asked_at = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = f"{client.new_inbox()}."
        self._numbers = count()
        self._heard: asyncio.Queue[Msg | None] = asyncio.Queue()  # bounded: BATCH are asked for

    @classmethod
    async def open(cls, bus: Bus, durable: str, stream: str) -> "Pull":
        """Listen to what is delivered; nothing is asked yet. Raises `BusDown`."""
        pull = cls(bus.client, durable, stream)

        async def hear(message: Msg) -> None:
            pull._heard.put_nowait(message)

        await bus.client.subscribe(f"{pull._inbox}*", cb=hear)
        # A server that was restarted knows no request from before.
        bus.when_back.append(lambda: pull._heard.put_nowait(None))
        return pull

    async def next(self) -> list[Msg]:
        """
        Return what waits, `BATCH` at most; when nothing does, what comes next, or none in a while.

        Raises `APIError` when JetStream or the durable is away.
        """
        inbox = f"{self._inbox}{next(self._numbers)}"
        # The two together: wait for what is not there, but never for a whole batch.
        request = {"batch": BATCH, "expires": int(WAIT_SECONDS * 1e9), "no_wait": True}
        await self._client.publish(self._asked_at, json.dumps(request).encode(), reply=inbox)
        messages: list[Msg] = []
        try:
            async with asyncio.timeout(WAIT_SECONDS + ANSWER_SECONDS):
                while len(messages) < BATCH:
                    message = await self._heard.get()
                    if message is None:
                        break
                    if not message.subject.startswith(self._inbox):
                        messages.append(message)
                    elif message.subject == inbox:  # else it ends an earlier request
                        _require_over(message)
                        break
        except TimeoutError:
            pass
        return messages


def _require_over(status: Msg) -> None:
    if (status.headers or {}).get("Status") not in OVER:
        raise APIError.from_msg(status)
