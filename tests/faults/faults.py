"""The faults that can be done to a running suite; one interface for processes and containers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Literal

from shared.testing.proxy import Proxy
from tests.e2e.running import Running
from tests.faults.history import History

HEALED_SECONDS = 60
GATEWAY_NOTICES = 4.0
"""Seconds until the gateway's health checks see a change: one every second, its timeout of 2 s."""
Way = Literal["stop", "keep_down", "cut"]
"""How a part can be down: it answers nothing, it is dead, or nobody reaches it."""


def is_link(part: str) -> bool:
    """Say whether this is the link between two parts: `exams>results` is how exams reaches it."""
    return ">" in part


class Faults(ABC):
    """
    Hurts parts by name: a service, `nats`, `gateway`, `postgres` or one link where it can.

    `heal` undoes everything, whatever it was. The history tells what was done.
    """

    BY_LINE: ClassVar[frozenset[str]] = frozenset({"slow", "drop_response"})
    """What can be done only to parts that a proxy stands before."""
    ONLY_BY_LINE: ClassVar[frozenset[str]] = frozenset()
    """Parts to which nothing else can be done."""

    def __init__(self, running: Running, history: History) -> None:
        self.running = running
        self.history = history
        self._is_hurt = False

    def kill(self, part: str) -> None:
        """Kill a part with -9; whoever looks after it brings it back."""
        self._note("kill", part)
        self._kill(part)

    def keep_down(self, part: str) -> None:
        """Kill a part, and again as often as it comes back, until `heal`."""
        self._note("keep_down", part)
        self._keep_down(part)

    def stop(self, part: str, *, which: slice = slice(None)) -> None:
        """Freeze a part, or *which* of its processes: they keep their lines and answer nothing."""
        self._note("stop", part)
        self._stop(part, which)

    def cont(self) -> None:
        """Let everything that is frozen go on."""
        self._note("cont", "all")
        self._cont()

    def cut(self, part: str) -> None:
        """Let nobody reach a part; packets vanish, as with a pulled cable."""
        self._note("cut", part)
        self._cut(part)

    def slow(self, part: str, seconds: float = 0.2) -> None:
        """Let every piece of data wait on its way to a part, and on its way back."""
        self._note("slow", part)
        self.line(part).slow(seconds)

    def drop_response(self, part: str, count: int = 1) -> None:
        """Swallow the next *count* answers of a part, of requests that reached it."""
        self._note("drop_response", part)
        self.line(part).drop_response(count)

    def restart(self, part: str) -> None:
        """End a part in good order, one process after the other, until others stand in for them."""
        self._note("restart", part)
        self._restart(part)

    def let_go(self) -> None:
        """Undo everything, and do not wait."""
        for line in self.running.lines.values():
            line.heal()
        self._undo()

    def heal(self, within: float = HEALED_SECONDS) -> float:
        """Undo everything, wait until the suite is well, and return how long that took."""
        if not self._is_hurt:
            return 0.0
        self.let_go()
        took = self.running.wait_until_healthy(within)
        self._is_hurt = False
        return took

    @contextmanager
    def down(self, part: str, way: Way) -> Iterator[None]:
        """Let a part be down while the block runs, and heal afterwards."""
        getattr(self, way)(part)
        try:
            yield
        finally:
            self.heal()

    def line(self, part: str) -> Proxy:
        """Return the proxy before a part, or on a link, where one was put there."""
        assert part in self.running.lines, f"no proxy stands before {part}"
        return self.running.lines[part]

    def can(self, verb: str, part: str) -> bool:
        """Say whether the verb can be done to the part."""
        if verb in self.BY_LINE:
            return part in self.running.lines
        return part not in self.ONLY_BY_LINE and not is_link(part)

    @abstractmethod
    def delete_nats_store(self) -> None:
        """Take NATS everything it stored, as a lost disk would."""

    @abstractmethod
    def _kill(self, part: str) -> None: ...

    @abstractmethod
    def _keep_down(self, part: str) -> None: ...

    @abstractmethod
    def _stop(self, part: str, which: slice) -> None: ...

    @abstractmethod
    def _cont(self) -> None: ...

    @abstractmethod
    def _cut(self, part: str) -> None: ...

    @abstractmethod
    def _restart(self, part: str) -> None: ...

    @abstractmethod
    def _undo(self) -> None:
        """Bring back what is dead, let go on what is frozen, connect what is cut off."""

    def _note(self, verb: str, part: str) -> None:
        self._is_hurt = True
        self.history.hurt(verb, part)
