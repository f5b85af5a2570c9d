"""The pages in a real browser: they show what they are for and ask no other host for anything."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.tests.suite import Gateway
from shared.testing.browser import CHROMIUM, Browser

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    browser = Browser(tmp_path)
    yield browser
    browser.close()


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("swdoc", "/api/v1/exams/"),
        ("redoc", "/api/v1/exams/"),
        ("asyncdoc", "hpa.attendance.recorded.v1"),
    ],
)
def test_a_page_shows_what_it_is_for_and_asks_nobody_else(
    gateway: Gateway, browser: Browser, page: str, text: str
) -> None:
    own = f"http://127.0.0.1:{gateway.web}/"

    browser.call("Page.navigate", url=f"{own}{page}/")

    browser.wait_for_text(text)
    asked = [one["request"]["url"] for one in browser.told("Network.requestWillBeSent")]
    foreign = [url for url in asked if not url.startswith((own, "data:", "blob:"))]
    assert len(asked) > 2
    assert not foreign
    complaints = [one["entry"] for one in browser.told("Log.entryAdded")]
    assert not [one for one in complaints if one["level"] == "error"]
    assert not browser.told("Runtime.exceptionThrown")
