"""
The fork server: a process that has imported what all services import, and forks them.

Each of seven interpreters would import the same libraries for itself: 85 MiB and a second of
processor time apiece. Forked, they share the memory and start at once.
"""

import gc
import importlib
import json
import os
import runpy
import socket
import sys
import time
from typing import Final

from hpa.prctl import die_with_parent, rename

MAX_FDS: Final = 8
ADOPTED_SECONDS: Final = 5.0


def main() -> None:
    """
    Serve the orders that come over standard input, a socket; a child becomes its module.

    `PRELOAD` names what is imported first, separated by commas.
    """
    for name in filter(None, os.environ["PRELOAD"].split(",")):
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - the service that needs it will tell it whole
            print(f"{name} cannot be imported: {error!r}", file=sys.stderr, flush=True)
    gc.collect()
    gc.freeze()  # a collection writes into every page it looks at, and those are shared no more
    argv = serve(socket.socket(fileno=0), supervisor=os.getppid())
    if argv is not None:
        sys.argv = argv
        runpy.run_module(argv[0], run_name="__main__", alter_sys=True)


def serve(orders: socket.socket, *, supervisor: int) -> list[str] | None:
    """
    Fork a child for every message on *orders*; it answers with its process id.

    Returns None when the other end is closed; in a child, the argv of what it is to become.
    """
    while True:
        order, fds, _, _ = socket.recv_fds(orders, 1, MAX_FDS)
        if not order:
            return None
        between = os.fork()
        if between == 0:
            if os.fork():
                os._exit(0)  # the child's parent is now the supervisor, who adopts orphans
            return _become(orders, fds, supervisor)
        os.waitpid(between, 0)
        for each in fds:
            os.close(each)


def _become(orders: socket.socket, fds: list[int], supervisor: int) -> list[str]:
    """
    Give this process what it would have after `exec`: session, streams and environment.

    *fds*: a file with the order, the standard output, the standard error, and what just stays open.
    """
    os.setsid()
    _await_adoption(supervisor)
    orders.sendall(str(os.getpid()).encode())
    told, output, errors = fds[:3]
    with os.fdopen(told, "rb") as file:
        order = json.load(file)
    orders.close()  # it was descriptor 0
    for place, descriptor in enumerate((os.open(os.devnull, os.O_RDONLY), output, errors)):
        if descriptor != place:
            os.dup2(descriptor, place)
            os.close(descriptor)
    os.environ.clear()
    os.environ.update(order["env"])
    rename(order["name"])
    argv: list[str] = order["argv"]
    return argv


def _await_adoption(supervisor: int) -> None:
    """Wait until *supervisor* is the parent; from then on the kernel ends this process with it."""
    end = time.monotonic() + ADOPTED_SECONDS
    while os.getppid() != supervisor:
        if time.monotonic() > end:
            os._exit(1)  # it has ended meanwhile
        time.sleep(0.001)
    die_with_parent()
    if os.getppid() != supervisor:
        os._exit(1)


if __name__ == "__main__":
    main()
