"""Chance that can be repeated."""

import os
import random
import secrets


def dice(known: int | None = None) -> random.Random:
    """
    Return the dice of this run: by HPA_CHAOS_SEED, or by a *known* seed, or by chance.

    The seed is told, so that the dice can be thrown again.
    """
    told = os.environ.get("HPA_CHAOS_SEED")
    seed = int(told) if told else secrets.randbelow(2**32) if known is None else known
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    return random.Random(seed)  # noqa: S311 - it must be repeatable, not secret
