"""The suite of each kind, started once a run and ended with all that belongs to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e import telegram as bot
from tests.e2e.access import World
from tests.e2e.containers import Containers, bridge_address, engine_is_missing
from tests.e2e.local import Processes
from tests.e2e.running import Running
from tests.e2e.suite import Suite

KINDS = ("sqlite", "postgresql", "compose")
"""As processes on either database, and as containers."""
HEALED_SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one kind on one worker of xdist, which starts that suite."""
    for item in items:
        kind = item.callspec.params.get("running") if hasattr(item, "callspec") else None
        if kind:
            item.add_marker(pytest.mark.xdist_group(kind))


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
        if request.param == "postgresql":
            told["HPA_POSTGRES_URL"] = request.getfixturevalue("postgres_url")
        made: Running = (
            Containers(folder, **told)
            if is_compose
            else Processes(folder, HPA_WORKERS_RESULTS="2", **told)
        )
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture
async def suite(running: Running) -> AsyncIterator[Suite]:
    """Return the running suite; what a test before this one hurt has healed."""
    running.resume_all()
    if running.is_hurt:
        running.wait_until_healthy(HEALED_SECONDS)
    async with Suite(running) as suite:
        yield suite


@pytest.fixture
async def world(suite: Suite) -> World:
    """Return people of each role, and one more student, to whom foreign things belong."""
    people = {role: await suite.known(role) for role in ("student", "employee")}
    people |= {"nobody": suite.nobody, "owner": await suite.owner()}
    return World(suite, people, await suite.known("student", which=2))
