"""The fork server: what it forks is like what would have been executed, and lives without it."""

import json
import os
import signal
from pathlib import Path

import pytest

from deploy.local.tests.tiny import StartTiny, TinySuite, is_alive, wait_for

TELLS = (
    "import json, os, sys, time;"
    "print(json.dumps({'argv': sys.argv, 'name': __name__, 'session': os.getsid(0) == os.getpid(),"
    " 'parent': os.getppid(), 'folder': os.environ.get('FOLDER'),"
    " 'foreign': 'PRELOAD' in os.environ,"
    " 'fds': sorted(int(each) for each in os.listdir('/proc/self/fd'))}), flush=True);"
    "time.sleep(600)"
)
SLEEPS = "import time; time.sleep(600)"
EXITS = "import atexit, sys; atexit.register(print, '{}', flush=True); sys.exit(7)"


@pytest.fixture
def way() -> str:
    """Return the one way this is about."""
    return "fork"


def server_of(suite: TinySuite) -> int:
    """Return the process id of the suite's fork server."""
    mine = (b"hpa.forkserver", str(suite.folder).encode())
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) not in map(suite.pid, suite.names):
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if all(word in words for word in mine):
                return int(folder.name)
    return 0


class TestAForkedChild:
    def test_is_what_an_executed_one_would_be(self, tiny: StartTiny) -> None:
        suite = tiny(one=TELLS)

        told = json.loads(wait_for(lambda: suite.log("one").strip()))

        assert told["argv"] == [str(suite.folder / "one.py")]
        assert told["name"] == "__main__"
        assert told["session"]
        assert told["parent"] == suite.process.pid
        assert told["folder"] == str(suite.folder)
        assert not told["foreign"], "the fork server's own environment is not the child's"

    def test_holds_its_streams_and_the_lock_open_and_nothing_else(self, tiny: StartTiny) -> None:
        suite = tiny(one=TELLS)

        told = json.loads(wait_for(lambda: suite.log("one").strip()))

        listing = 1
        assert len(told["fds"]) == len(("stdin", "stdout", "stderr", "lock")) + listing

    def test_shows_its_name(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS)

        assert Path(f"/proc/{suite.pid('one')}/comm").read_text().strip() == "one"

    def test_ends_with_its_own_code_and_what_it_left_to_do(self, tiny: StartTiny) -> None:
        suite = tiny(one=EXITS)
        wait_for(lambda: suite.starts("one") >= 2)

        suite.stop()

        assert "one ended (7)" in suite.output()
        assert suite.log("one").startswith("{}")


class TestAKilledForkServer:
    def test_takes_nobody_with_it(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS, two=SLEEPS)
        before = suite.pid("one"), suite.pid("two")
        server = server_of(suite)

        os.kill(server, signal.SIGKILL)
        wait_for(lambda: not is_alive(server))

        assert (suite.pid("one"), suite.pid("two")) == before
        assert all(is_alive(pid) for pid in before)

    def test_is_replaced_when_somebody_must_be_forked(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS)
        dead = suite.pid("one")
        os.kill(server_of(suite), signal.SIGKILL)

        os.kill(dead, signal.SIGKILL)

        wait_for(lambda: suite.pid("one") not in {0, dead} and is_alive(suite.pid("one")))


class TestTheEnd:
    def test_leaves_no_fork_server(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS)
        server = server_of(suite)

        assert suite.stop() == 0

        assert server
        assert not is_alive(server)

    def test_by_kill_9_of_the_supervisor_leaves_none_either(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS)
        server = server_of(suite)

        suite.process.kill()

        wait_for(lambda: not is_alive(server) and not is_alive(suite.pid("one")))
