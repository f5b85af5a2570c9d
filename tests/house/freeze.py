"""Writes the schemas of new and grown events (`make events`); refuses to write a narrowed one."""

import json
import sys

from shared.contracts.catalog import EVENTS
from tests.house import contract_rules


def main() -> int:
    """Freeze what is published. Returns 1 when a published schema was narrowed."""
    narrowed = 0
    for event in EVENTS:
        current, frozen = contract_rules.schema_of(event), contract_rules.frozen_schema(event)
        findings = contract_rules.narrowed(frozen, current) if frozen else []
        if findings:
            narrowed = 1
            sys.stderr.write(f"{event.subject}: {'; '.join(findings)}: make it the next version\n")
            continue
        path = contract_rules.FROZEN / f"{event.subject}.json"
        path.write_text(json.dumps(current, indent=2, sort_keys=True) + "\n")
    return narrowed


if __name__ == "__main__":
    sys.exit(main())
