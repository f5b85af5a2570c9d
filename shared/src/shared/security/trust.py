"""The certificates that the HTTP clients of this process trust."""

from typing import Final

import httpx2

TRUSTED: Final = httpx2.create_ssl_context(trust_env=False)
"""Read once: each client by itself would take 20 ms and 750 KiB for its own. At import, so that
processes that are forked share them."""
