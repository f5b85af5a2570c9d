"""A headless Chromium for tests of the pages."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
PATIENCE_SECONDS = 90.0
"""A browser on a busy machine takes its time; nothing is measured."""
POLL_SECONDS = 0.1


class Browser:
    """A headless Chromium that is spoken to through a pipe (DevTools protocol)."""

    def __init__(self, profile: Path) -> None:
        """Start it with a fresh *profile*."""
        assert CHROMIUM is not None  # noqa: S101 - for the type checker
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        command = f'exec "$0" "$@" 3<&{to_read} 4>&{to_write}'
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        self._process = subprocess.Popen(  # noqa: S603 - our own words
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

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Call a method of the protocol; what the browser tells meanwhile is kept in `events`."""
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
        """Return what a reader of the page sees."""
        found = self.call("Runtime.evaluate", expression="document.body.innerText")
        # Swagger UI lets long paths break between their parts.
        return str(found["result"].get("value", "")).replace("\u200b", "")

    def wait_for_text(self, text: str) -> None:
        """Wait until the page shows *text*."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.text():
            if time.monotonic() > end:
                raise AssertionError(self.text()[-2000:])
            time.sleep(POLL_SECONDS)

    def run(self, script: str) -> Any:  # noqa: ANN401 - JSON
        """Run a script in the page, wait for what it promises, and return that."""
        found = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in found:
            raise AssertionError(found)
        return found["result"].get("value")

    def told(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of all events of a kind."""
        return [each["params"] for each in self.events if each.get("method") == method]

    def close(self) -> None:
        """End the browser."""
        self._process.kill()
        self._process.wait()
        os.close(self._read)
        os.close(self._write)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            chunk = os.read(self._read, 65536)
            if not chunk:
                message = "the browser ended"
                raise AssertionError(message)
            self._buffer += chunk
        whole, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(whole)
        return found
