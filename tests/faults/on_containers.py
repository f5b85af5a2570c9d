"""The faults, done to the suite as containers: by the engine, and by signals from outside."""

from docker.models.containers import Container
from typing_extensions import override

from shared.testing import processes
from tests.e2e.containers import Containers
from tests.faults.faults import Faults
from tests.faults.history import History

STANDS_SECONDS = 60


class ContainerFaults(Faults):
    """Knows the containers by their labels."""

    def __init__(self, running: Containers, history: History) -> None:
        super().__init__(running, history)
        self.suite = running
        self._dead: list[Container] = []
        self._cut_off: list[Container] = []

    @override
    def delete_nats_store(self) -> None:
        self.keep_down("nats")
        store = {f"{self.suite.project}_nats": {"bind": "/data", "mode": "rw"}}
        self.suite.outside("rm", "-r", "/data/jetstream", volumes=store)
        self._start_dead()

    @override
    def _kill(self, part: str) -> None:
        # Not `docker kill`: what was stopped by hand is not started again.
        pid = self._pid(part)
        if not pid:
            return
        self.suite.outside("sh", "-c", f"kill -9 {pid} || true", pid_mode="host")
        what = f"death of {part} noticed"
        processes.wait_until(lambda: self._pid(part) != pid, seconds=STANDS_SECONDS, what=what)

    @override
    def _keep_down(self, part: str) -> None:
        self._dead.append(self._standing(part))
        self._dead[-1].kill()

    @override
    def _stop(self, part: str, which: slice) -> None:
        for container in [self._standing(part)][which]:
            container.pause()

    @override
    def _cont(self) -> None:
        mine = {**self.suite.mine, "status": "paused"}
        for container in self.suite.docker.containers.list(filters=mine):
            container.unpause()

    @override
    def _cut(self, part: str) -> None:
        # From its networks, so that it reaches nobody either.
        container = self._standing(part)
        self._cut_off.append(container)
        for network in container.attrs["NetworkSettings"]["Networks"]:
            self.suite.docker.networks.get(network).disconnect(container, force=True)

    @override
    def _restart(self, part: str) -> None:
        self.suite.container(part).restart()
        self.suite.wait_until_healthy()

    @override
    def _undo(self) -> None:
        self._cont()
        self._start_dead()
        while self._cut_off:
            container = self._cut_off.pop()
            for network, place in container.attrs["NetworkSettings"]["Networks"].items():
                there = self.suite.docker.networks.get(network)
                there.connect(container, aliases=place["Aliases"])

    def _standing(self, part: str) -> Container:
        """Return a part's container; the engine refuses what is done while it starts one again."""
        what = f"{part} on its feet"
        processes.wait_until(lambda: self._pid(part) > 0, seconds=STANDS_SECONDS, what=what)
        return self.suite.container(part)

    def _pid(self, part: str) -> int:
        """Return the number of a part's first process, 0 while it is down."""
        return int(self.suite.container(part).attrs["State"]["Pid"])

    def _start_dead(self) -> None:
        while self._dead:
            self._dead.pop().start()
