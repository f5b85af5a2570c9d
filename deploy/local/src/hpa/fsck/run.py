"""Making the whole check, and making it again while the suite is still at work."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from hpa.console import step
from hpa.fsck import (
    checks_events,
    checks_exams,
    checks_messaging,
    checks_replicas,
    checks_results,
    checks_worklogs,
)
from hpa.fsck.dead import count_dead_letters
from hpa.fsck.reading import Check, opened
from hpa.known import Known
from shared.clock import utcnow

CHECKS: Final[Sequence[Check]] = (
    *checks_exams.CHECKS,
    *checks_results.CHECKS,
    *checks_messaging.CHECKS,
    *checks_worklogs.CHECKS,
    *checks_events.CHECKS,
    *checks_replicas.CHECKS,
)
EXAMPLES: Final = 20
AGAIN_SECONDS: Final = 0.5


@dataclass
class Report:
    """What was found, by check."""

    violations: dict[Check, list[str]] = field(default_factory=dict)
    owed: dict[Check, list[str]] = field(default_factory=dict)
    """Found on a stopped suite; it will be delivered at the next start."""
    dead_letters: dict[str, int] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Say whether every promise holds."""
        return not self.violations

    def as_json(self) -> dict[str, Any]:
        """Return what `hpa fsck` prints."""
        return {
            "ok": self.is_clean,
            "checks": len(CHECKS),
            "violations": [_entry(check, found) for check, found in self.violations.items()],
            "owed": [_entry(check, found) for check, found in self.owed.items()],
            "dead_letters": self.dead_letters,
        }


async def check_all(
    urls: dict[str, str],
    *,
    zone: str,
    now: Callable[[], datetime],
    is_running: bool,
    patience: float,
) -> Report:
    """
    Check every promise.

    While the suite runs, what was found may only be under way, or have changed between two
    reads: it counts when it is still there after *patience* seconds.
    """
    end = time.monotonic() + patience
    faults: dict[Check, list[str]] = {}
    todo: Sequence[Check] = CHECKS
    while True:
        async with opened(urls, now=now(), zone=zone) as read:
            faults = {check: found for check in todo if (found := list(await check.find(read)))}
            dead_letters = await count_dead_letters(read)
        todo = list(faults)
        if todo and is_running:
            step(f"{len(todo)} of {len(CHECKS)} checks wait for what may be under way")
        if not todo or not is_running or time.monotonic() > end:
            break
        await asyncio.sleep(AGAIN_SECONDS)
    owed = {check: found for check, found in faults.items() if check.is_delivery and not is_running}
    violations = {check: found for check, found in faults.items() if check not in owed}
    return Report(violations, owed, dead_letters)


def run_fsck(known: Known, *, patience: float) -> int:
    """Check the suite, print the report as JSON and return 1 when a promise is broken."""
    step(f"{len(CHECKS)} checks across {len(known.secrets.database_urls)} databases")
    report = asyncio.run(
        check_all(
            known.secrets.database_urls,
            zone=known.options.time_zone,
            now=utcnow,
            is_running=known.is_running,
            patience=patience,
        )
    )
    print(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    return 0 if report.is_clean else 1


def _entry(check: Check, found: list[str]) -> dict[str, Any]:
    return {"check": check.name, "count": len(found), "examples": found[:EXAMPLES]}
