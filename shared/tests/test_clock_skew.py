"""A clock that is wrong: half a minute has no effect; an hour is 401 and 503, never 500."""

from datetime import timedelta

import httpx2
import pytest
import time_machine

from shared.clock import utcnow
from shared.errors import Unavailable
from shared.http.client import InternalClient
from shared.security.tokens import ServiceTokens
from shared.testing.tokens import SERVICE_SECRET, TokenFactory

SKEWS = [(-3600, 401), (-90, 401), (-30, 200), (0, 200), (30, 200)]
"""Seconds by which the clock of who checks is off, and the answer."""
THINGS = "/api/v1/things/me/"


@pytest.mark.parametrize(("skew", "status"), [*SKEWS, (2 * 3600, 401)])
async def test_a_users_token_is_checked_with_a_minutes_leeway(
    client: httpx2.AsyncClient, tokens: TokenFactory, skew: int, status: int
) -> None:
    headers = tokens.headers()  # good for an hour

    with time_machine.travel(utcnow() + timedelta(seconds=skew), tick=True):
        answer = await client.get(THINGS, headers=headers)

    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "token_not_valid"


@pytest.mark.parametrize(("skew", "status"), [*SKEWS, (90, 200), (3600, 401)])
async def test_another_services_token_is_checked_with_a_minutes_leeway(
    client: httpx2.AsyncClient, skew: int, status: int
) -> None:
    token = ServiceTokens.mint(SERVICE_SECRET, caller="exams", audience="things")
    headers = {"Authorization": f"Bearer {token}"}

    with time_machine.travel(utcnow() + timedelta(seconds=skew), tick=True):
        answer = await client.get("/internal/things/", headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize("skew", [-3600, 3600])
async def test_a_service_whose_clock_is_an_hour_off_is_unavailable_to_its_callers(
    client: httpx2.AsyncClient, skew: int
) -> None:
    calls = InternalClient("things", "http://test", SERVICE_SECRET, caller="exams")
    await calls.close()
    calls._http = client
    with time_machine.travel(utcnow() + timedelta(seconds=skew), tick=True):
        calls._headers()  # the token that the next calls carry

    with pytest.raises(Unavailable, match="does not answer"):
        await calls.get("/internal/things/")
