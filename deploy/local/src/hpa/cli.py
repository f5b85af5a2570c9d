"""The hpa command: its words, and what each calls."""

import argparse
import sys
from collections.abc import Callable, Sequence

from hpa.errors import Refused
from hpa.options import Options, read_options

Command = Callable[[argparse.Namespace, Options], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; what it refuses is said in one sentence."""
    parsed = _parser().parse_args(arguments)
    command: Command = parsed.command
    try:
        return command(parsed, read_options())
    except Refused as refusal:
        print(f"hpa: {refusal}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, BrokenPipeError):
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hpa", description="Runs the HPA suite on this machine and looks after it."
    )
    words = parser.add_subparsers(required=True, metavar="command")

    up = words.add_parser("up", help="start the suite in the foreground")
    up.add_argument("--leash", action="store_true", help="end when the parent process ends")
    up.set_defaults(command=_up)
    return parser


# Each command imports what it needs when it is called: `hpa up` starts at once.


def _up(parsed: argparse.Namespace, options: Options) -> int:
    from hpa.up import run_up  # noqa: PLC0415

    return run_up(options, is_leashed=parsed.leash)
