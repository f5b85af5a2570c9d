"""The certificates that the HTTP clients of this process trust."""

import functools
import ssl

import httpx2


@functools.cache
def trusted() -> ssl.SSLContext:
    """Return them, read once: each client by itself would take 20 ms and 750 KiB for its own."""
    return httpx2.create_ssl_context(trust_env=False)
