"""What Linux's prctl(2) is asked for; elsewhere these do nothing."""

import ctypes
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_NAME: Final = 15
PR_SET_CHILD_SUBREAPER: Final = 36
LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send *number* to this process when its parent dies."""
    # SIGKILL, not SIGTERM: nobody is left who could wait for a drain or clean up after a hang,
    # and every part of the suite survives a kill by construction.
    _prctl(PR_SET_PDEATHSIG, int(number))


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent has ended."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def rename(name: str) -> None:
    """Show *name*, 15 bytes of it, where `ps -o comm` and top show a program's name."""
    _prctl(PR_SET_NAME, ctypes.c_char_p(name.encode()))


def _prctl(option: int, value: int | ctypes.c_char_p) -> None:
    if LIBC is not None:
        LIBC.prctl(option, value, 0, 0, 0)
