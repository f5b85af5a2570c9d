"""The words of the hpa command: its help, with examples, and its exit codes."""

import argparse
from typing import Any, Final

EXIT_CODES: Final = """\
exit codes:
  0    done, or all is well
  1    done, and something is wrong: a part is not ready, an event is parked, a promise is broken
  2    refused, with one sentence that says why; nothing was changed
  3    the suite is stopped (status)
  130  interrupted
"""
INTRODUCTION: Final = """\
Runs the HPA suite on this machine and looks after it. HPA_DATA_DIR names the suite that is meant
(.hpa in this folder unless set).
"""
EXAMPLES: Final = {
    "up": ("up", "HPA_PORT=9000 HPA_DATA_DIR=/srv/hpa hpa up"),
    "status": ("status", "status --json | jq .parts"),
    "logs": ("logs -f", "logs results-1"),
    "create": ("user create guli --role employee --full-name 'Guli Karimova'",),
    "set-password": ("user set-password guli", "user set-password guli --stdin < password"),
    "rotate-keys": ("rotate-keys", "rotate-keys --leaked"),
    "demo": ("demo", "demo --json > people.json"),
    "failed": ("events failed", "events failed --service worklogs --json"),
    "replay": ("events replay", "events replay --service worklogs --id 7"),
    "fsck": ("fsck", "fsck --wait 60"),
    "backup": ("backup /backups/2026-02-20", "backup /backups/2026-02-20 --json"),
    "restore": ("restore /backups/2026-02-20",),
    "users": ("import users users.xlsx --dry-run", "import users users.csv --as admin"),
    "exam": ("import exam questions.xlsx --title '1-hafta' --subject 2 --date 2026-02-20",),
    "results": ("export results results.xlsx", "export results results.csv --exam 7"),
}


def help_of(name: str, text: str) -> dict[str, Any]:
    """Return what argparse needs to explain a command with its examples."""
    lines = [one if "hpa " in one else f"hpa {one}" for one in EXAMPLES.get(name, ())]
    epilog = "\n  ".join(["examples:", *lines]) if lines else None
    return {
        "help": text,
        "description": f"{text[0].upper()}{text[1:]}.",
        "epilog": epilog,
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }


def overview() -> dict[str, Any]:
    """Return what argparse needs to explain the whole command."""
    first = "examples:\n  hpa up\n  hpa status\n  hpa demo\n  hpa backup FOLDER"
    return {
        "prog": "hpa",
        "description": INTRODUCTION,
        "epilog": f"{first}\n\n{EXIT_CODES}\n`hpa COMMAND --help` tells more of each.",
        "formatter_class": argparse.RawDescriptionHelpFormatter,
    }
