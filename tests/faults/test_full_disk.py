"""A broker whose disk was full works again when there is space, by what compose.yml tells it."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats
import pytest
import yaml
from docker.models.containers import Container
from testcontainers.core.docker_client import DockerClient

from shared.testing.waiting import eventually
from tests.e2e.containers import DEPLOY, TOOLS, engine_is_missing

NEWEST = Path(sys.executable).with_name("nats-server")
CONFIG = """
listen: "0.0.0.0:4222"
http: "0.0.0.0:8222"
jetstream { store_dir: "/data", sync_interval: always, max_file: 1GB }
"""
BALLAST = "/data/ballast"
SECOND = 10**9


@pytest.fixture(params=["of the image", "newest"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Container]:
    """Start a broker as compose does, on a disk of 24 MiB."""
    if reason := engine_is_missing():
        pytest.skip(f"no Docker engine with compose: {reason}")
    told = yaml.safe_load((DEPLOY / "compose.yml").read_text())["services"]["nats"]
    (tmp_path / "nats.conf").write_text(CONFIG)
    binds = {
        str(tmp_path / "nats.conf"): "/etc/nats/nats.conf",
        str(DEPLOY / "nats-health.sh"): "/etc/nats/health.sh",
    }
    if request.param == "newest":
        binds[str(NEWEST)] = "/usr/local/bin/nats-server"
    client, name = DockerClient().client, f"hpa-e2e-{uuid4().hex[:8]}"
    container = client.containers.run(
        TOOLS,
        told["command"],
        name=name,
        user=told["user"],
        read_only=told["read_only"],
        cap_drop=told["cap_drop"],
        restart_policy={"Name": told["restart"]},
        healthcheck={"test": told["healthcheck"]["test"], "interval": SECOND},
        tmpfs={"/data": "size=24m,uid=10001,gid=10001"},
        volumes={path: {"bind": place, "mode": "ro"} for path, place in binds.items()},
        detach=True,
    )
    try:
        yield container
    finally:
        container.remove(force=True, v=True)


async def publish(broker: Container, *, size: int) -> bool:
    """Say whether the broker stores a message; it may not even listen."""
    broker.reload()
    address = broker.attrs["NetworkSettings"]["IPAddress"]
    try:
        connection = await nats.connect(
            f"nats://{address}:4222", connect_timeout=1, allow_reconnect=False, error_cb=_quiet
        )
    except (OSError, nats.errors.Error):
        return False
    try:
        stream = connection.jetstream(timeout=1)
        await stream.add_stream(name="DAY", subjects=["day.>"])
        await stream.publish("day.one", b"x" * size)
    except nats.errors.Error:
        return False
    finally:
        await connection.close()
    return True


async def _quiet(_: Exception) -> None:
    """Leave what the broker says to the answer of the request."""


def fill(broker: Container) -> None:
    """Leave no space on the broker's disk."""
    broker.exec_run(["sh", "-c", f"cat /dev/zero > {BALLAST}"])


async def test_it_stores_again_when_there_is_space(broker: Container) -> None:
    async def stores(size: int = 100_000) -> bool:
        return await publish(broker, size=size)

    await eventually(stores, seconds=30)
    fill(broker)

    async def refuses() -> bool:
        return not await stores()

    await eventually(refuses, seconds=30)
    broker.exec_run(["rm", BALLAST])

    await eventually(stores, seconds=60)


async def test_it_is_left_alone_while_there_is_none(broker: Container) -> None:
    async def stores() -> bool:
        return await publish(broker, size=100_000)

    await eventually(stores, seconds=30)
    fill(broker)
    seen: set[Any] = set()

    async def checked_often() -> bool:
        await stores()
        broker.reload()
        seen.update(each["Start"] for each in broker.attrs["State"]["Health"]["Log"])
        return len(seen) > 6

    await eventually(checked_often, seconds=60)
    assert broker.attrs["RestartCount"] == 0
