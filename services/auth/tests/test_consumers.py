"""What auth does about events."""

from datetime import timedelta

import httpx2
import pytest
from fastapi import FastAPI

from auth.consumers import link_telegram
from services.auth.tests.conftest import MakePerson, Person, states_of
from shared.clock import utcnow
from shared.contracts.messaging import TelegramLinkedV1


class Link:
    """Links people to chats as messaging tells of it."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.noon = utcnow() + timedelta(minutes=1)

    async def __call__(self, user_id: int, chat: int, *, minute: int = 0) -> None:
        event = TelegramLinkedV1(
            user_id=user_id, telegram_id=chat, linked_at=self.noon + timedelta(minutes=minute)
        )
        async with self.app.state.hpa.database.transaction() as tx:
            await link_telegram(tx, event)


@pytest.fixture
def link(app: FastAPI) -> Link:
    return Link(app)


@pytest.fixture
async def two(person: MakePerson) -> tuple[Person, Person]:
    return await person("student", "ali", enter=False), await person("student", "vali", enter=False)


async def chats(client: httpx2.AsyncClient) -> list[tuple[int | None, int]]:
    """Return chat and version of every user."""
    states = await states_of(client)
    return [(states[key]["telegram_id"], states[key]["version"]) for key in sorted(states)]


class TestLinkTelegram:
    async def test_sets_the_chat_and_tells_everybody(
        self, client: httpx2.AsyncClient, link: Link, two: tuple[Person, Person]
    ) -> None:
        await link(two[0].id, 700)

        assert await chats(client) == [(700, 2), (None, 1)]

    async def test_takes_the_chat_from_whoever_had_it(
        self, client: httpx2.AsyncClient, link: Link, two: tuple[Person, Person]
    ) -> None:
        await link(two[0].id, 700)
        await link(two[1].id, 700, minute=1)

        assert await chats(client) == [(None, 3), (700, 2)]

    async def test_ends_alike_when_the_events_change_places(
        self, client: httpx2.AsyncClient, link: Link, two: tuple[Person, Person]
    ) -> None:
        await link(two[1].id, 700, minute=1)
        await link(two[0].id, 700)

        assert await chats(client) == [(None, 1), (700, 2)]

    async def test_is_not_undone_by_an_older_link(
        self, client: httpx2.AsyncClient, link: Link, two: tuple[Person, Person]
    ) -> None:
        await link(two[0].id, 701, minute=1)
        await link(two[0].id, 700)
        await link(two[0].id, 701, minute=1)

        assert await chats(client) == [(701, 2), (None, 1)]

    async def test_is_not_older_than_what_the_owner_wrote_afterwards(
        self, client: httpx2.AsyncClient, link: Link, person: MakePerson
    ) -> None:
        ali = await person("student", "ali", enter=False)
        owner = await person("owner")
        await owner.ask("PATCH", f"/users/{ali.id}/", json={"telegram_id": 5})

        await link(ali.id, 700, minute=-60)

        assert (await chats(client))[0] == (5, 2)

    async def test_passes_over_users_that_do_not_exist(
        self, client: httpx2.AsyncClient, link: Link
    ) -> None:
        await link(999, 700)

        assert await chats(client) == []
