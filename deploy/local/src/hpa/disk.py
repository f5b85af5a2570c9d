"""A broker that could not write keeps failing when there is space again: it is started anew."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Final

from hpa.supervisor import Keeper, Supervisor

LOOK_SECONDS: Final = 1.0
REST_SECONDS: Final = 5.0
NEEDED: Final = 8 << 20


async def restart_after_full_disk(supervisor: Supervisor, folder: Path) -> None:
    """
    End every process that said it cannot write, once *folder* takes data again.

    nats-server remembers a stream's failed write and refuses all later ones, though its port and
    its API answer as if all were well. Ended, it is started again, and reads its store anew.
    """
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        faulty = [keeper for keeper in supervisor.keepers if keeper.is_faulty]
        if faulty and has_space(folder):
            for keeper in faulty:
                _end(keeper)
            await asyncio.sleep(REST_SECONDS)


def has_space(folder: Path, needed: int = NEEDED) -> bool:
    """Say whether *folder* really takes *needed* bytes: free space that is counted may not be."""
    probe = folder / ".space"
    try:
        with probe.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, needed)
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)
    return True


def _end(keeper: Keeper) -> None:
    keeper.is_faulty = False
    if keeper.child is not None:
        keeper.child.send(signal.SIGTERM)
