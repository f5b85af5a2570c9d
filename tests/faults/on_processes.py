"""The faults, done to the suite as processes: signals, and the proxies before its parts."""

import os
import shutil
import signal
import threading
from contextlib import suppress

from typing_extensions import override

from shared.testing import processes
from tests.e2e.local import Processes
from tests.faults.faults import Faults
from tests.faults.history import History

POLL_SECONDS = 0.05
REPLACED_SECONDS = 40


class ProcessFaults(Faults):
    """Knows the processes by `stack.json`."""

    BY_LINE = Faults.BY_LINE | {"cut"}
    ONLY_BY_LINE = frozenset({"postgres"})  # one server for all tests of the run

    def __init__(self, running: Processes, history: History) -> None:
        super().__init__(running, history)
        self.suite = running
        self._frozen: set[int] = set()
        self._killers: list[threading.Thread] = []
        self._over = threading.Event()

    @override
    def delete_nats_store(self) -> None:
        self.stop("nats")
        stores = [path for path in self.suite.folder.rglob("jetstream") if path.is_dir()]
        assert stores, "no JetStream store was found"
        for store in stores:
            shutil.rmtree(store)
        self.kill("nats")

    @override
    def _kill(self, part: str) -> None:
        for pid in self.suite.pids(part):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @override
    def _keep_down(self, part: str) -> None:
        # As often as the supervisor brings it back.
        def killing() -> None:
            while not self._over.wait(POLL_SECONDS):
                self._kill(part)

        self._kill(part)
        self._killers.append(threading.Thread(target=killing))
        self._killers[-1].start()

    @override
    def _stop(self, part: str, which: slice) -> None:
        for pid in self.suite.pids(part)[which]:
            with suppress(ProcessLookupError):  # it is dead, and will be back
                os.kill(pid, signal.SIGSTOP)
                self._frozen.add(pid)

    @override
    def _cont(self) -> None:
        while self._frozen:
            with suppress(ProcessLookupError):
                os.kill(self._frozen.pop(), signal.SIGCONT)

    @override
    def _cut(self, part: str) -> None:
        self.line(part).cut()

    @override
    def _restart(self, part: str) -> None:
        count = len(self.suite.pids(part))
        for pid in self.suite.pids(part):
            os.kill(pid, signal.SIGTERM)

            def is_replaced(gone: int = pid) -> bool:
                pids = self.suite.pids(part)
                return gone not in pids and len(pids) == count

            processes.wait_until(is_replaced, seconds=REPLACED_SECONDS, what=f"{part} replaced")
            self.suite.wait_until_healthy()

    @override
    def _undo(self) -> None:
        self._over.set()
        while self._killers:
            self._killers.pop().join()
        self._over.clear()
        self._cont()
