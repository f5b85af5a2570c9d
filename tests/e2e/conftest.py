"""The suite of each backend, started once a run and ended by its process id."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.e2e import telegram as bot
from tests.e2e.access import World
from tests.e2e.running import Running
from tests.e2e.suite import Suite

BACKENDS = ("sqlite", "postgresql")
HEALED_SECONDS = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one backend on one worker of xdist, which starts that suite."""
    for item in items:
        backend = item.callspec.params.get("running") if hasattr(item, "callspec") else None
        if backend:
            item.add_marker(pytest.mark.xdist_group(backend))


@pytest.fixture(scope="session")
def telegram() -> Iterator[bot.FakeTelegram]:
    """Return the Bot API that the suites talk to."""
    with bot.fake_telegram() as listening:
        yield listening


@pytest.fixture(scope="session", params=BACKENDS)
def running(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    telegram: bot.FakeTelegram,
) -> Iterator[Running]:
    """Return the suite on one backend, with two processes where the exam rush goes."""
    environment = {
        "TELEGRAM_BOT_TOKEN": bot.TOKEN,
        "TELEGRAM_API_BASE": telegram.url,
        "HPA_WORKERS_RESULTS": "2",
    }
    if request.param == "postgresql":
        environment["HPA_POSTGRES_URL"] = request.getfixturevalue("postgres_url")
    running = Running(tmp_path_factory.mktemp(request.param) / "data", **environment)
    try:
        running.start()
        yield running
    finally:
        running.stop()


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
