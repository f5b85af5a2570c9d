"""What the person in front of the terminal sees."""

import select
import sys
from contextlib import suppress


def say(text: str) -> None:
    """
    Print one line, unless nobody takes it.

    A reader who stopped reading must not stop the suite: a full pipe is left alone.
    """
    with suppress(OSError, ValueError):
        _, writable, _ = select.select([], [sys.stdout], [], 0)
        if writable:
            print(text, flush=True)
