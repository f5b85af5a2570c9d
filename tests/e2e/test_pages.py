"""Swagger UI in a real browser, as a caller uses it: log in, authorize, call."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.testing.browser import CHROMIUM, Browser
from tests.e2e.running import OWNER, PASSWORD, Running

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.parametrize("running", ["sqlite"], indirect=True),
]
TOOLS = """
const until = async (find) => {
  for (let tries = 0; tries < 600; tries++) {
    const found = find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never found: ${find}`);
};
const fill = (field, text) => {
  const kind = Object.getPrototypeOf(field);
  Object.getOwnPropertyDescriptor(kind, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
};
const call = async (operation, body) => {
  const inside = (selector) => document.querySelector(`[id$=${operation}] ${selector}`);
  (await until(() => inside(".opblock-summary-control"))).click();
  (await until(() => inside(".try-out__btn"))).click();
  if (body) fill(await until(() => inside("textarea.body-param__text")), body);
  (await until(() => inside(".execute"))).click();
  await until(() => inside(".live-responses-table .response-col_status"));
  return inside(".live-responses-table .response-col_description pre").innerText;
};
"""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    browser = Browser(tmp_path)
    yield browser
    browser.close()


def do(browser: Browser, script: str) -> str:
    return str(browser.run(f"(async () => {{ {TOOLS} {script} }})()"))


class TestSwaggerUi:
    def test_logs_in_authorizes_and_calls_without_leaving_the_machine(
        self, running: Running, browser: Browser
    ) -> None:
        browser.call("Page.navigate", url=f"{running.url}/swdoc/")
        browser.wait_for_text("/api/v1/login/")
        body = json.dumps({"username": OWNER, "password": PASSWORD})

        answer = do(browser, f"return await call('auth_log_in', {json.dumps(body)})")
        token = json.loads(answer)["tokens"]["access"]
        do(
            browser,
            "document.querySelector('.auth-wrapper .authorize').click();"
            "const field = await until(() => document.querySelector('.modal-ux input'));"
            f"fill(field, {json.dumps(token)});"
            "document.querySelector('.modal-ux .auth-btn-wrapper .authorize').click();"
            "(await until(() => document.querySelector('.modal-ux .btn-done'))).click();",
        )
        me = do(browser, "return await call('auth_get_me')")

        assert json.loads(me)["username"] == OWNER
        asked = [one["request"]["url"] for one in browser.told("Network.requestWillBeSent")]
        assert [url for url in asked if not url.startswith((f"{running.url}/", "data:"))] == []
