"""JetStream's streams, durables and users' rights, all derived from the catalog of events."""

import asyncio
from typing import Any, Final

import structlog
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from shared.contracts.catalog import EVENTS, OUTSIDE_PRODUCERS, durable_name
from shared.events.bus import Bus

log = structlog.get_logger()

DAY_SECONDS: Final = 86_400
DECLARE_EVERY_SECONDS: Final = 5.0
ACK_SECONDS: Final = 5
"""
What a process got and did not acknowledge, because it died or is frozen, goes to another then. Who
only takes so long loses nothing: the inbox knows what comes twice.
"""
SERVICES: Final = ("auth", "exams", "results", "messaging", "worklogs")


def streams(replicas: int = 1) -> list[StreamConfig]:
    """Return one stream per producer, holding the subjects it may publish."""
    producers = sorted({event.producer for event in EVENTS})
    return [
        StreamConfig(
            name=producer.upper(),
            subjects=sorted(event.subject for event in EVENTS if event.producer == producer),
            retention=RetentionPolicy.LIMITS,
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_age=30 * DAY_SECONDS,
            max_bytes=1 << 30,
            max_msg_size=256 << 10,
            duplicate_window=120,
            num_replicas=replicas,
        )
        for producer in producers
    ]


def consumers() -> list[tuple[str, ConsumerConfig]]:
    """Return (stream, durable) for every pair of event and consumer."""
    return [
        (
            event.producer.upper(),
            ConsumerConfig(
                durable_name=durable_name(consumer, event.subject),
                filter_subject=event.subject,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=ACK_SECONDS,
                max_deliver=-1,
                max_ack_pending=1000,
            ),
        )
        for event in EVENTS
        for consumer in event.consumers
    ]


async def declare(js: JetStreamContext, replicas: int = 1) -> None:
    """Create or update every stream and durable; harmless when they are as they should be."""
    for stream in streams(replicas):
        try:
            await js.update_stream(stream)
        except Exception:  # noqa: BLE001 - absent: create it
            await js.add_stream(stream)
    for name, config in consumers():
        await js.add_consumer(name, config)


async def missing(js: JetStreamContext) -> bool:
    """Tell whether a stream or durable is gone, without changing anything."""
    wanted = {(stream, str(config.durable_name)) for stream, config in consumers()}
    try:
        for stream in sorted({stream for stream, _ in wanted}):
            wanted -= {(stream, each.name) for each in await js.consumers_info(stream)}
    except Exception:  # noqa: BLE001 - whatever cannot be seen is declared again
        return True
    return bool(wanted)


async def keep_declared(url: str, *, replicas: int = 1) -> None:
    """Declare everything now, and again whenever it is gone: a deleted store heals by itself."""
    bus = Bus(url, "ops")
    bus.start()
    try:
        await bus.connected.wait()
        await _keep_declared(bus, replicas)
    finally:
        await bus.stop()


async def _keep_declared(bus: Bus, replicas: int) -> None:
    first = True
    while True:
        try:
            if first or await missing(bus.js):
                await declare(bus.js, replicas)
                first = False
        except Exception as error:  # noqa: BLE001 - NATS is away: the next round
            log.warning("topology", error=repr(error)[:200])
            await asyncio.sleep(0.2)
            continue
        await asyncio.sleep(DECLARE_EVERY_SECONDS)


def permissions(user: str) -> dict[str, Any]:
    """Return the NATS permissions of *user*, and nothing beyond what it needs."""
    if user == "ops":
        return {
            "publish": ["$JS.API.STREAM.>", "$JS.API.CONSUMER.>", "$JS.API.INFO"],
            "subscribe": ["_INBOX_ops.>"],
        }
    if user in OUTSIDE_PRODUCERS:
        # A stranger's client uses NATS's usual inbox; no service's inbox is under it.
        subjects = sorted(event.subject for event in OUTSIDE_PRODUCERS[user])
        return {"publish": subjects, "subscribe": ["_INBOX.>", f"_INBOX_{user}.>"]}
    own = user.upper()
    publish = sorted(event.subject for event in EVENTS if event.producer == user)
    if publish:
        publish.append(f"$JS.API.STREAM.INFO.{own}")
    for event in EVENTS:
        if user in event.consumers:
            stream, durable = event.producer.upper(), durable_name(user, event.subject)
            publish.append(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}")
            publish.append(f"$JS.API.CONSUMER.INFO.{stream}.{durable}")
            publish.append(f"$JS.ACK.{stream}.{durable}.>")
    return {"publish": publish, "subscribe": [f"_INBOX_{user}.>"]}


def main() -> None:
    """Run `keep_declared` with `NATS_URL` and `NATS_REPLICAS`, as a container's role."""
    from pydantic_settings import BaseSettings, SettingsConfigDict  # noqa: PLC0415 - only here

    from shared.settings import SECRET_FILES  # noqa: PLC0415 - only here

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(
            secrets_dir=SECRET_FILES if SECRET_FILES.is_dir() else None
        )

        nats_url: str
        nats_replicas: int = 1

    settings = Settings()
    asyncio.run(keep_declared(settings.nats_url, replicas=settings.nats_replicas))


if __name__ == "__main__":
    main()
