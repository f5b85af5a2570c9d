"""Settings of auth: what would let passwords be guessed or sessions end is refused at start."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from auth.settings import Settings
from shared.testing.refusals import refusal_of

GOOD: dict[str, Any] = {
    "database_url": "sqlite+aiosqlite:///x",
    "service_secret": "0123456789abcdef" * 2,
    "keys_dir": Path("keys"),
}
told = partial(refusal_of, Settings, **GOOD)


def test_the_defaults_are_good_enough_for_production() -> None:
    assert not told(environment="production")


@pytest.mark.parametrize("cheap", [{"argon2_memory_kib": 1024}, {"argon2_rounds": 1}])
def test_a_cheap_hash_is_refused_in_production(cheap: dict[str, int]) -> None:
    assert not told(**cheap)
    assert "a stolen table of passwords could be guessed" in told(**cheap, environment="production")


def test_a_refresh_that_ends_before_the_access_is_refused() -> None:
    assert "a session could not be kept up" in told(refresh_token_seconds=3600)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("access_token_seconds", 0),
        ("access_token_seconds", 8 * 24 * 3600),
        ("refresh_token_seconds", 10**12),
        ("key_rotation_days", 10**6),
        ("argon2_memory_kib", 1 << 40),
        ("argon2_threads", -1),
        ("login_wait_seconds", 3.4),
    ],
)
def test_a_number_out_of_bounds_is_refused_by_name(name: str, value: float) -> None:
    assert name in told(**{name: value})
