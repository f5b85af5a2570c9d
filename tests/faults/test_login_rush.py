"""A login rush is bounded (15): everybody is in soon, and those who hand in hardly notice."""

import asyncio
import re
import statistics
import time
from http import HTTPStatus

import orjson
import pytest

from tests.e2e.running import PASSWORD
from tests.e2e.suite import PREFIX, Person, Suite
from tests.faults.hand_in import Class, open_class
from tests.faults.history import Exchanged, History

IN_SECONDS = 30
HANDED_IN_SECONDS = 1.5
AT_ONCE = 16
COUNTED_SECONDS = 60


async def ask(url: str, username: str) -> tuple[int, bytes]:
    """Log in, and return the status and the rest of the answer; hundreds of these cost little."""
    body = orjson.dumps({"username": username, "password": PASSWORD})
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"POST {PREFIX}/login/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(answer[9:12]), answer


async def rush(suite: Suite, group: Class) -> tuple[float, int]:
    """
    Let the whole class log in at once while it hands in.

    Returns how long the logins took, and how often somebody was asked to come again.
    """
    started = time.monotonic()

    async def log_in(student: Person) -> tuple[float, int]:
        refusals = 0
        while (found := await ask(suite.running.url, student.user["username"]))[0] != HTTPStatus.OK:
            after = re.search(rb"(?i)retry-after: (\d+)", found[1])
            assert found[0] == HTTPStatus.SERVICE_UNAVAILABLE, found[1]
            assert after, found[1]
            refusals += 1
            await asyncio.sleep(int(after[1]))  # as a client does
        return time.monotonic() - started, refusals

    logins, _ = await asyncio.gather(
        asyncio.gather(*map(log_in, group.students)), group.hand_in(at_once=AT_ONCE)
    )
    return max(end for end, _ in logins), sum(refusals for _, refusals in logins)


async def test_everybody_is_in_and_all_is_handed_in(suite: Suite, history: History) -> None:
    group = await open_class(suite, history, students=30, exams=1)

    await rush(suite, group)

    assert not await group.violations()
    await group.counted(seconds=COUNTED_SECONDS)


@pytest.mark.chaos
async def test_five_hundred_are_in_within_half_a_minute(suite: Suite, history: History) -> None:
    group = await open_class(suite, history, students=500, exams=1)

    took, refusals = await rush(suite, group)

    assert not await group.violations()
    asked = [each for each in history.events if isinstance(each, Exchanged)]
    handed_in = [each.at - each.began for each in asked if each.path.endswith("/submit/")]
    p99 = statistics.quantiles(handed_in, n=100)[98]
    figures = f"500 were in after {took:.1f} s, {refusals} times asked to come again"
    print(f"{figures}; hand-ins p99 {p99:.2f} s")  # noqa: T201 - the figures
    assert took <= IN_SECONDS
    assert p99 <= HANDED_IN_SECONDS
