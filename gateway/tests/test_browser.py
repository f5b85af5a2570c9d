"""The pages in a real browser: they show the operations and ask no other host for anything."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.tests.suite import Gateway

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
OPERATION = "/api/v1/exams/"
PATIENCE_SECONDS = 90.0
"""A browser on a busy machine takes its time; nothing is measured."""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


class Browser:
    """A headless Chromium that is spoken to through a pipe (DevTools protocol)."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM is not None
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        command = f'exec "$0" "$@" 3<&{to_read} 4>&{to_write}'
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", command, CHROMIUM, *options, f"--user-data-dir={profile}"],
            pass_fds=(to_read, to_write),
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._buffer = b""
        self._last = 0
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Network", "Page", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._last:
                found: dict[str, Any] = answer["result"]
                return found
            self.events.append(answer)

    def text(self) -> str:
        found = self.call("Runtime.evaluate", expression="document.body.innerText")
        # Swagger UI lets long paths break between their parts.
        return str(found["result"].get("value", "")).replace("\u200b", "")

    def told(self, method: str) -> list[dict[str, Any]]:
        return [each["params"] for each in self.events if each.get("method") == method]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._read)
        os.close(self._write)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = os.read(self._read, 65536)
            assert chunk, "the browser ended"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    browser = Browser(tmp_path)
    yield browser
    browser.close()


@pytest.mark.parametrize("page", ["swdoc", "redoc"])
def test_a_page_shows_the_operations_and_asks_nobody_else(
    gateway: Gateway, browser: Browser, page: str
) -> None:
    own = f"http://127.0.0.1:{gateway.web}/"

    browser.call("Page.navigate", url=f"{own}{page}/")

    end = time.monotonic() + PATIENCE_SECONDS
    while OPERATION not in browser.text() and time.monotonic() < end:
        pass
    assert OPERATION in browser.text()
    asked = [one["request"]["url"] for one in browser.told("Network.requestWillBeSent")]
    foreign = [url for url in asked if not url.startswith((own, "data:", "blob:"))]
    assert len(asked) > 3
    assert not foreign
    complaints = [one["entry"] for one in browser.told("Log.entryAdded")]
    assert not [one for one in complaints if one["level"] == "error"]
    assert not browser.told("Runtime.exceptionThrown")
