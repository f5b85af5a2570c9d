"""The supervisor, over real children: they come back, end together and never outlive it."""

import asyncio
import json
import os
import signal
import stat
import time
from pathlib import Path

from deploy.local.tests.tiny import StartTiny, is_alive, wait_for
from hpa.logs import Log
from hpa.supervisor import Keeper, Process
from shared.testing.processes import free_port
from shared.testing.waiting import eventually

SLEEPS = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
DIES = "import sys; sys.exit(3)"
FORKS = "import os, time; os.fork() or open(os.environ['FOLDER'] + '/grandchild', 'w').write(str(os.getpid())); time.sleep(600)"  # noqa: E501 - one line of Python
REFUSES = "import sys; sys.exit(sys.stderr.write('refusing to start: NATS_URL is empty\\n') and 78)"
SULKS = (
    "import os, pathlib, sys, time; note = pathlib.Path(os.environ['FOLDER'], 'sulked');"
    "note.exists() or (note.touch(), sys.stderr.write('cannot write\\n'), sys.stderr.flush());"
    "time.sleep(600)"
)
TALKS = (
    'import sys, time; print(\'{"event": "said"}\', flush=True);'
    "sys.stderr.write('ValueError: nats://auth:geheim@127.0.0.1:1\\n'); sys.stderr.flush();"
    "time.sleep(600)"
)


class TestADeadChild:
    def test_is_started_again_and_the_others_are_left_alone(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS, two=SLEEPS)
        dead, other = suite.pid("one"), suite.pid("two")

        os.kill(dead, signal.SIGKILL)

        assert wait_for(lambda: suite.pid("one") not in {0, dead})
        assert suite.pid("two") == other
        assert suite.starts("two") == 1
        assert is_alive(other)

    def test_comes_back_after_ever_longer_pauses(self, tiny: StartTiny) -> None:
        started = time.monotonic()
        suite = tiny(one=DIES)

        wait_for(lambda: suite.starts("one") >= 4)

        assert time.monotonic() - started >= 0.2 + 0.4 + 0.8

    def test_takes_what_it_started_with_it(self, tiny: StartTiny) -> None:
        suite = tiny(one=FORKS)
        note = suite.folder / "grandchild"
        wait_for(lambda: note.exists() and note.read_text())
        grandchild = int(note.read_text())

        os.kill(suite.pid("one"), signal.SIGKILL)

        wait_for(lambda: not is_alive(grandchild))


class TestAChildThatRefusesItsSettings:
    def test_is_quoted_where_the_operator_looks(self, tiny: StartTiny) -> None:
        suite = tiny(one=REFUSES)
        wait_for(lambda: suite.starts("one") >= 2)

        suite.stop()

        assert "one is refusing to start: NATS_URL is empty, starting it again" in suite.output()


class TestAChildThatComesAfterAnother:
    async def test_starts_when_the_other_listens(self, tmp_path: Path) -> None:
        port = free_port()
        process = Process("late", ["/bin/sleep", "600"], {}, after=port, stop_seconds=0.1)
        keeper, stopping = Keeper(process, Log(tmp_path / "late.log")), asyncio.Event()
        running = asyncio.create_task(keeper.run(stopping, lambda *_: None))
        asked = asyncio.Event()
        before: list[int] = []

        def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            before.append(keeper.starts)
            asked.set()
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", port):
            await asyncio.wait_for(asked.wait(), 10)
            await eventually(lambda: asyncio.sleep(0, keeper.starts))
        stopping.set()
        assert keeper.child is not None
        keeper.child.kill()
        await running

        assert before == [0]


class TestAChildThatCannotWrite:
    def test_is_started_anew_once_there_is_space(self, tiny: StartTiny) -> None:
        suite = tiny(one=SULKS, two=SLEEPS)

        wait_for(lambda: suite.starts("one") == 2)

        assert suite.starts("two") == 1


class TestCtrlC:
    def test_ends_everything_with_code_0(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS, two=SLEEPS)

        assert suite.stop(signal.SIGINT) == 0
        assert not any(is_alive(suite.pid(name)) for name in suite.names)

    def test_is_what_sigterm_does_too(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS)

        assert suite.stop(signal.SIGTERM) == 0
        assert not is_alive(suite.pid("one"))

    def test_is_what_a_closed_terminal_does_too(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS)

        assert suite.stop(signal.SIGHUP) == 0
        assert not is_alive(suite.pid("one"))

    def test_kills_in_time_what_does_not_listen(self, tiny: StartTiny) -> None:
        suite = tiny(one=DEAF, two=DEAF)

        assert suite.stop() == 0
        assert not any(is_alive(suite.pid(name)) for name in suite.names)

    def test_pressed_twice_kills_at_once(self, tiny: StartTiny) -> None:
        suite = tiny(stop_seconds=60, one=DEAF)

        def press() -> bool:
            suite.process.send_signal(signal.SIGINT)
            return suite.process.poll() is not None

        wait_for(press)

        assert suite.process.returncode == 0
        assert not is_alive(suite.pid("one"))

    def test_ends_a_suite_whose_child_keeps_dying(self, tiny: StartTiny) -> None:
        suite = tiny(one=DIES)

        assert suite.stop() == 0


class TestAKilledParent:
    def test_leaves_no_process_behind(self, tiny: StartTiny) -> None:
        suite = tiny(one=SLEEPS, two=DEAF)

        os.kill(suite.process.pid, signal.SIGKILL)

        pids = [suite.pid(name) for name in suite.names]
        wait_for(lambda: not any(is_alive(pid) for pid in pids))

    def test_can_be_followed_by_a_new_one_at_once(self, tiny: StartTiny) -> None:
        first = tiny(one=SLEEPS)
        first.process.kill()
        (first.folder / "pids").unlink()

        assert tiny(one=SLEEPS).stop() == 0


class TestASecondSuite:
    def test_is_refused_on_the_same_folder(self, tiny: StartTiny) -> None:
        first = tiny(one=SLEEPS)

        second = tiny(one=SLEEPS, is_refused=True)

        assert second.process.wait(10) != 0
        assert "already running" in second.output()
        assert first.stop() == 0


class TestLogs:
    def test_hold_json_lines_without_secrets(self, tiny: StartTiny) -> None:
        suite = tiny(one=TALKS)
        wait_for(lambda: suite.log("one").count("\n") == 2)

        events = {json.loads(line)["event"] for line in suite.log("one").splitlines()}

        assert events == {"said", "ValueError: nats://***@127.0.0.1:1"}

    def test_are_private(self, tiny: StartTiny) -> None:
        suite = tiny(one=TALKS)

        mode = (suite.folder / "logs" / "one.log").stat().st_mode

        assert stat.S_IMODE(mode) == 0o600
