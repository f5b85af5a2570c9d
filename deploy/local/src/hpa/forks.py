"""The supervisor's side of the fork server: orders, and the children that come of them."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from hpa.child import PYTHON, Child, start_child
from hpa.logs import Log
from hpa.prctl import adopt_orphans

FORK_SECONDS: Final = 60.0
"""The first fork waits until everything is imported, on a machine that has other things to do."""


def can_fork() -> bool:
    """Tell whether children can be adopted and awaited here: on Linux."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


class Forked:
    """A process that was forked by the fork server and is now this process's own child."""

    def __init__(self, pid: int) -> None:
        """Watch over *pid*."""
        self.pid = pid
        self._ended = False

    async def wait(self) -> int:
        """Return its exit code, or the negative number of the signal that ended it."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        descriptor = os.pidfd_open(self.pid)
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        self._ended = True
        _, status = os.waitpid(self.pid, os.WNOHANG)  # noqa: ASYNC222 - it has ended already
        return os.waitstatus_to_exitcode(status)

    def send_signal(self, number: int) -> None:
        """Send a signal. Raises `ProcessLookupError` when it has ended."""
        if self._ended:
            raise ProcessLookupError
        os.kill(self.pid, number)


class Forks:
    """The fork server of one suite: started when first needed, and again when it was killed."""

    def __init__(self, log: Log, mark: str, env: Mapping[str, str], preload: Sequence[str]) -> None:
        """
        Start nothing yet; the fork server will import *preload*.

        *mark* tells in a list of processes which suite it belongs to.
        """
        self._log = log
        self._mark = mark
        self._env = {**env, "PRELOAD": ",".join(preload)}
        self._server: Child | None = None
        self._orders: socket.socket | None = None
        self._one_at_a_time = asyncio.Lock()
        self._is_closed = False

    async def fork(self, name: str, order: Mapping[str, object], fds: Sequence[int]) -> Forked:
        """
        Fork what *order* (`argv`, `env`) describes; *fds* are its output, its errors and the rest.

        Raises `OSError` when the fork server fails; the next call starts a new one.
        """
        told = os.memfd_create(name)
        try:
            os.write(told, json.dumps({**order, "name": name}).encode())
            os.lseek(told, 0, os.SEEK_SET)
            async with self._one_at_a_time:
                return Forked(await self._ask([told, *fds]))
        finally:
            os.close(told)

    async def close(self) -> None:
        """End the fork server for good; what it forked lives on."""
        self._is_closed = True
        if self._server is not None:
            self._server.kill()  # whoever waits for an answer hears of it
        async with self._one_at_a_time:
            await self._let_go()

    async def _ask(self, fds: list[int]) -> int:
        if self._orders is None:
            self._orders = await self._launch()
        try:
            socket.send_fds(self._orders, [b"1"], fds)
            async with asyncio.timeout(FORK_SECONDS):
                answer = await asyncio.get_running_loop().sock_recv(self._orders, 32)
            return int(answer)
        except (OSError, ValueError, TimeoutError) as error:  # an empty answer: it has ended
            await self._let_go()
            message = "the fork server does not answer"
            raise OSError(message) from error

    async def _let_go(self) -> None:
        if self._orders is not None:
            self._orders.close()
            self._orders = None
        if self._server is not None:
            self._server.kill()
            await self._server.wait()
            self._server = None

    async def _launch(self) -> socket.socket:
        if self._is_closed:
            message = "everything stops"
            raise OSError(message)
        adopt_orphans()
        orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        orders.settimeout(0)
        argv = (*PYTHON, "hpa.forkserver", self._mark)
        with theirs:
            self._server = await start_child(argv, self._env, self._log, stdin=theirs.fileno())
        return orders
