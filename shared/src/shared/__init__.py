"""Plumbing and event contracts of the HPA services; no business rules."""

import sys

# structlog loads rich, for colours on a terminal, wherever a development tool has installed it:
# 10 MB in each of eight processes that write JSON.
sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
