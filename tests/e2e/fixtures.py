"""The suite of each kind, started once a run and ended with all that belongs to it."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest
from typing_extensions import override
from xdist.scheduler import LoadScopeScheduling

from hpa.links import LINKS
from shared.testing.proxy import LOOPBACK, Proxy
from tests.e2e import telegram as bot
from tests.e2e.containers import Containers, bridge_address, engine_is_missing
from tests.e2e.local import Processes
from tests.e2e.running import Running
from tests.e2e.suite import Suite

NAME = "suites"
"""As which this module is a plugin of pytest, so that both folders of tests share one suite."""
KINDS = ("sqlite", "postgresql", "compose")
"""As processes on either database, and as containers."""
LINES = pytest.mark.parametrize("running", ["lines"], indirect=True)
"""Marks a test of single links: as processes, one of each service, with proxies between all."""


class ByKind(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Keeps the tests of one kind on one worker of xdist, which starts that suite; else a file."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        file, _, rest = nodeid.partition("::")
        words = re.split(r"\W+", rest.partition("[")[2])
        return next((kind for kind in (*KINDS, "lines") if kind in words), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByKind:
    """Use it; `--dist loadgroup` would know the kinds too, but pytest 9.2 drops its groups."""
    return ByKind(config, log)


@pytest.fixture(scope="session")
def telegram() -> bot.FakeTelegram:
    """Return the Bot API that the suites talk to."""
    return bot.FakeTelegram()


@pytest.fixture(scope="session", params=KINDS)
def running(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    telegram: bot.FakeTelegram,
) -> Iterator[Running]:
    """Return the suite of one kind, with two processes of results where one can be had."""
    is_compose = request.param == "compose"
    if is_compose and (reason := engine_is_missing()):
        pytest.skip(f"no Docker engine with compose: {reason}")
    folder = tmp_path_factory.mktemp(request.param) / "data"
    with bot.listening(telegram, bridge_address() if is_compose else "127.0.0.1") as url:
        told = {"TELEGRAM_BOT_TOKEN": bot.TOKEN, "TELEGRAM_API_BASE": url}
        if is_compose:
            yield from _run(Containers(folder, **told))
        elif request.param == "lines":
            yield from _run_on_lines(folder, url, told)
        elif request.param == "postgresql":
            server = urlsplit(request.getfixturevalue("postgres_url"))
            with Proxy(str(server.hostname), server.port or 5432) as line:
                told["HPA_POSTGRES_URL"] = through(line, server)
                yield from _run(Processes(folder, HPA_WORKERS_RESULTS="2", **told), postgres=line)
        else:
            yield from _run(Processes(folder, HPA_WORKERS_RESULTS="2", **told))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def stranger(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """Return a suite with keys and data of its own, for what would be in the way of other tests."""
    folder = tmp_path_factory.mktemp(f"stranger-{request.param}") / "data"
    told = {}
    if request.param == "postgresql":
        told["HPA_POSTGRES_URL"] = request.getfixturevalue("postgres_url")
    yield from _run(Processes(folder, **told))


@pytest.fixture
async def suite(running: Running) -> AsyncIterator[Suite]:
    """Return the running suite."""
    async with Suite(running) as suite:
        yield suite


def _run_on_lines(folder: Path, telegram: str, told: dict[str, str]) -> Iterator[Running]:
    """Let it run with a proxy on every link; the ports of services stand in `stack.json` only."""
    with ExitStack() as stack:

        def port_of(part: str) -> int:
            found = made.stack()
            place = found["nats"] if part == "nats" else found["services"][part]
            return int(place["url"].rpartition(":")[2])

        lines = {
            link: stack.enter_context(Proxy(LOOPBACK, partial(port_of, link.partition(">")[2])))
            for link in sorted(LINKS)
        }
        bot_api = stack.enter_context(Proxy(LOOPBACK, int(telegram.rpartition(":")[2])))
        detours = ",".join(f"{link}={LOOPBACK}:{line.port}" for link, line in lines.items())
        through_line = {"TELEGRAM_API_BASE": f"http://{LOOPBACK}:{bot_api.port}"}
        made = Processes(folder, HPA_DETOURS=detours, **told | through_line)
        yield from _run(made, **lines, **{"messaging>telegram": bot_api})


def _run(made: Running, **lines: Proxy) -> Iterator[Running]:
    """Let it run, with a proxy between people and the gateway that they may use."""
    host, _, port = made.url.removeprefix("http://").partition(":")
    with Proxy(host, int(port)) as line:
        made.lines = {"gateway": line, **lines}
        try:
            made.start()
            yield made
        finally:
            made.stop()


def through(line: Proxy, server: SplitResult) -> str:
    """Return the address of a server as it is reached through a proxy."""
    login = server.netloc.rpartition("@")[0]
    return server._replace(netloc=f"{login}@{LOOPBACK}:{line.port}").geturl()
