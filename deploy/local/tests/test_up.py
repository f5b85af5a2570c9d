"""`hpa up` for real: every process of the suite, as `make run` starts it."""

import json
import os
import re
import secrets
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import nats
import pytest

from deploy.local.tests.tiny import is_alive, wait_for
from hpa.ports import Ports

pytestmark = pytest.mark.e2e

HPA = Path(sys.executable).with_name("hpa")
START_SECONDS = 120


class Suite:
    """A suite in its own folder, on its own port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = Ports()
        self.port = ports.pick()
        ports.close()
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.output = folder.with_suffix(".out")
        self.env = {
            "PATH": os.environ["PATH"],
            "HPA_PORT": str(self.port),
            "HPA_DATA_DIR": str(folder),
        }
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [HPA, "up"], env=self.env, stdout=output, stderr=output, start_new_session=True
            )
        wait_for(lambda: "HPA is up" in self.said() or self._is_over(), within=START_SECONDS)
        return self.process

    def said(self) -> str:
        return self.output.read_text()

    def run(self, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [HPA, *words],
            env=self.env | env,
            input="Juda-Yaxshi-Parol-7\n",
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def stack(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "stack.json").read_text())
        return found

    def pids(self) -> dict[str, list[int]]:
        stack = self.stack()
        named = {name: [stack[name]["pid"]] for name in ("gateway", "nats")}
        return named | {name: one["pids"] for name, one in stack["services"].items()}

    def is_healthy(self) -> bool:
        with suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.url}/health/", timeout=5).status_code == 200
        return False

    def login(self, username: str, password: str) -> int:
        body = {"username": username, "password": password}
        return httpx2.post(f"{self.url}/login/", json=body, timeout=10).status_code

    def left(self) -> list[int]:
        """Return the processes whose environment or command names the folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                with suppress(OSError):
                    text = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                    if str(self.folder).encode() in text and is_alive(int(entry.name)):
                        found.append(int(entry.name))
        return found

    def _is_over(self) -> bool:
        assert self.process.poll() is None, self.said()
        return False


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """Return a suite that was started for the first time."""
    suite = Suite(tmp_path_factory.mktemp("up") / "data")
    yield suite
    with suppress(ProcessLookupError):
        os.killpg(suite.process.pid, signal.SIGKILL)
    suite.process.wait(10)


class TestTheFirstStart:
    def test_shows_a_password_that_lets_the_owner_in(self, suite: Suite) -> None:
        found = re.search(r"Password  (\S+)", suite.said())

        assert found
        assert suite.login("admin", found[1]) == 200

    def test_keeps_that_password_nowhere(self, suite: Suite) -> None:
        found = re.search(r"Password  (\S+)", suite.said())
        assert found

        texts = [path.read_bytes() for path in suite.folder.rglob("*") if path.is_file()]

        assert not any(found[1].encode() in text for text in texts)

    def test_keeps_everything_private(self, suite: Suite) -> None:
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in suite.folder.rglob("*")
            if path.is_file() and "jetstream" not in path.parts
        }

        assert {name: mode for name, mode in modes.items() if mode != 0o600} == {}

    def test_writes_logs_of_json_lines_without_secrets(self, suite: Suite) -> None:
        known = json.loads((suite.folder / "secrets.json").read_text())
        for path in (suite.folder / "logs").glob("*.log"):
            text = path.read_text()
            assert all(isinstance(json.loads(line), dict) for line in text.splitlines()), path.name
            for secret in (*known["nats"].values(), *known["services"].values()):
                assert secret not in text, path.name

    def test_describes_itself_in_stack_json(self, suite: Suite) -> None:
        stack = suite.stack()

        assert set(stack) == {"gateway", "nats", "services", "postgres"}
        assert stack["postgres"] is None
        assert all(is_alive(pid) for pids in suite.pids().values() for pid in pids)
        for service in stack["services"].values():
            assert httpx2.get(f"{service['url']}/ready/", timeout=5).status_code == 200


class TestASecondSuite:
    def test_is_refused_on_the_same_folder(self, suite: Suite) -> None:
        refused = suite.run("up", HPA_PORT="1")

        assert refused.returncode == 2
        assert "already running" in refused.stderr

    def test_is_refused_on_the_same_port(self, suite: Suite, tmp_path: Path) -> None:
        refused = suite.run("up", HPA_DATA_DIR=str(tmp_path))

        assert refused.returncode == 2
        assert f"port {suite.port} is taken" in refused.stderr


class TestTheCommands:
    def test_show_the_status(self, suite: Suite) -> None:
        status = suite.run("status")

        assert status.returncode == 0, status.stdout
        assert "worklogs" in status.stdout
        assert "journal:" not in status.stdout
        told = json.loads(suite.run("status", "--json").stdout)
        lags = {part["name"]: part["lag"] for part in told["parts"] if "lag" in part}
        assert set(lags) == set(suite.stack()["services"])
        assert {lag["dead"] for lag in lags.values()} == {0}
        assert all(type(lag["behind"]) is int for lag in lags.values())

    def test_create_users_and_set_passwords(self, suite: Suite) -> None:
        name = f"ustoz{secrets.randbelow(10**6)}"
        created = suite.run("user", "create", name, "--role", "employee", "--full-name", "Ustoz")
        first = created.stdout.strip()
        changed = suite.run("user", "set-password", name, "--stdin")

        assert (created.returncode, changed.returncode) == (0, 0), created.stderr + changed.stderr
        assert suite.login(name, "Juda-Yaxshi-Parol-7") == 200
        assert suite.login(name, first) == 401

    def test_end_the_tokens_of_a_leaked_key(self, suite: Suite) -> None:
        leaked = (suite.folder / "keys" / "keys.json").read_text()

        rotated = suite.run("rotate-keys", "--leaked")

        assert rotated.returncode == 0, rotated.stderr
        kids = [key["kid"] for key in json.loads(leaked)["keys"]]
        kept = (suite.folder / "keys" / "keys.json").read_text()
        assert not [kid for kid in kids if kid in kept]

    def test_find_the_promises_kept(self, suite: Suite) -> None:
        checked = suite.run("fsck")

        assert checked.returncode == 0, checked.stdout
        assert json.loads(checked.stdout)["ok"] is True

    def test_back_up_what_runs(self, suite: Suite, tmp_path: Path) -> None:
        backed_up = suite.run("backup", str(tmp_path / "backup"))

        assert backed_up.returncode == 0, backed_up.stderr
        assert (tmp_path / "backup" / "manifest.json").is_file()

    async def test_list_and_replay_parked_events(self, suite: Suite) -> None:
        client = await nats.connect(suite.stack()["nats"]["url"])
        await client.jetstream().publish("hpa.score.recorded.v1", b"{}", timeout=5)
        await client.close()
        wait_for(lambda: "score.recorded" in suite.run("events", "failed").stdout, within=20)

        replayed = suite.run("events", "replay", "--service", "worklogs")

        assert replayed.returncode == 1
        assert "0 of 1 events were handled" in replayed.stdout

    def test_show_logs(self, suite: Suite) -> None:
        assert "Server is ready" in suite.run("logs", "nats").stdout
        assert "auth" in suite.run("logs", "nonsense").stderr


class TestFiles:
    def test_come_in_and_go_out(self, suite: Suite, tmp_path: Path) -> None:
        users = tmp_path / "users.csv"
        users.write_text("username,password,full_name\nfayldan,Sirli-parol-26,Fayldan\n")
        wrong = tmp_path / "wrong.csv"
        wrong.write_text("username,password,full_name\n!,1,Fayldan\n")

        suite.run("user", "create", "ega", "--role", "owner", "--stdin")
        boss = ("--as", "ega")

        dry = suite.run("import", "users", str(users), "--dry-run", "--json", *boss)
        done = suite.run("import", "users", str(users), *boss)
        refused = suite.run("import", "users", str(wrong), *boss)
        written = suite.run("export", "results", str(tmp_path / "results.csv"), *boss)

        assert json.loads(dry.stdout)["dry_run"] is True
        assert (done.returncode, done.stdout) == (0, "1 created, 0 skipped, 0 wrong\n")
        assert suite.login("fayldan", "Sirli-parol-26") == 200
        assert refused.returncode == 1
        assert refused.stdout.startswith('row 2 {"username"')
        assert written.returncode == 0, written.stderr
        assert "full_name" in (tmp_path / "results.csv").read_text()


class TestTheDemo:
    def test_fills_an_empty_academy_once(self, suite: Suite) -> None:
        filled = suite.run("demo")
        again = suite.run("demo")

        assert filled.returncode == 0, filled.stderr
        login = re.search(r"^employee +(\S+) +(\S+)$", filled.stdout, re.MULTILINE)
        assert login
        assert suite.login(login[1], login[2]) == 200
        assert (again.returncode, again.stdout) == (2, "")
        assert suite.run("fsck", "--wait", "30").returncode == 0


class TestAKilledProcess:
    @pytest.mark.parametrize("name", ["exams", "nats", "gateway"])
    def test_comes_back_alone(self, suite: Suite, name: str) -> None:
        before = suite.pids()

        os.kill(before[name][0], signal.SIGKILL)
        wait_for(lambda: suite.pids()[name] != before[name], within=20)
        wait_for(suite.is_healthy, within=30)

        after = suite.pids()
        assert {one for one in after if after[one] != before[one]} == {name}


class TestTheEnd:
    """The last ones: they end the suite of this module."""

    def test_by_ctrl_c_is_quick_and_clean(self, suite: Suite) -> None:
        suite.process.send_signal(signal.SIGINT)

        assert suite.process.wait(20) == 0
        assert suite.left() == []
        assert not (suite.folder / "stack.json").exists()
        assert suite.run("status").returncode == 3

    def test_by_kill_9_leaves_nothing_and_spoils_nothing(self, suite: Suite) -> None:
        suite.start()
        assert "Password" not in suite.said()
        wait_for(suite.is_healthy, within=20)

        os.kill(suite.process.pid, signal.SIGKILL)
        wait_for(lambda: suite.left() == [], within=20)

        checked = suite.run("fsck")
        assert checked.returncode == 0, checked.stdout
