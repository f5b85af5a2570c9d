"""What the person in front of the terminal sees."""

import os
import select
import sys
from contextlib import suppress
from typing import Final, TextIO

COLOURS: Final = {"red": 31, "green": 32, "yellow": 33, "dim": 2, "bold": 1}


def say(text: str) -> None:
    """
    Print one line, unless nobody takes it.

    A reader who stopped reading must not stop the suite: a full pipe is left alone.
    """
    with suppress(OSError, ValueError):
        _, writable, _ = select.select([], [sys.stdout], [], 0)
        if writable:
            print(text, flush=True)


def paint(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Return *text* in a colour, where a terminal shows it and NO_COLOR does not forbid it."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if _is_colourful(stream or sys.stdout) else text


def step(text: str) -> None:
    """Tell how far long work is, on standard error: standard output holds what was asked for."""
    print(paint(text, "dim", sys.stderr), file=sys.stderr, flush=True)


def _is_colourful(stream: TextIO) -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()
